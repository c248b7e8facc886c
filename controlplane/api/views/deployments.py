"""Deployments and rollbacks: asked for, they become runs."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from agents import deploying, promotion, runs
from controlplane.api.door import Endpoint, listed, operation, page_of
from controlplane.api.filters import DeploymentsQuery
from controlplane.api.idempotency import answer, once
from controlplane.api.requests import DeploySerializer, RollbackSerializer, body
from controlplane.api.serializers import DeploymentSerializer, RunSerializer
from controlplane.core.errors import NotFound
from workloads import queries

FILTERS = {
    "application": "environment__application__name",
    "environment": "environment__name",
    "status": "status",
    "verdict": "verdict",
    "kind": "kind",
}


class Deployments(Endpoint):
    """The history, and the way to ask for a deployment."""

    @operation("List deployments", page_of(DeploymentSerializer), query=DeploymentsQuery)
    def get(self, request: Request) -> Response:
        """Newest first."""
        return listed(self, queries.deployments_for(self.actor), DeploymentSerializer, FILTERS)

    @operation(
        "Ask for a deployment",
        {202: RunSerializer},
        errors=(403, 404),
        request=DeploySerializer,
        key="required",
    )
    def post(self, request: Request) -> Response:
        """Start a run; follow it at its `url`."""
        asked = body(request, DeploySerializer)
        given: dict[str, Any] = {name: asked[name] for name in ("ref", "allow_failure") if name in asked}
        environment = queries.environment_for(self.actor, asked["application"], asked["environment"])
        if "release" in asked:
            release = queries.release_for(self.actor, asked["application"], asked["release"])
            given |= promotion.input_of(release, environment)
        image = asked.get("image", "")

        def begin(key: str) -> Response:
            run = deploying.start(self.actor, environment, given, image=image, idempotency_key=key)
            return answer(RunSerializer(run).data, 202)

        return once(request, begin)


class OneDeployment(Endpoint):
    """One deployment."""

    @operation("Show a deployment", DeploymentSerializer, errors=(404,))
    def get(self, request: Request, number: int) -> Response:
        """With its verdict."""
        found = queries.deployments_for(self.actor).filter(pk=number).first()
        if found is None:
            raise NotFound(f"There is no deployment {number}, or you may not see it.")
        return Response(DeploymentSerializer(found).data)


class Rollbacks(Endpoint):
    """The way back."""

    @operation(
        "Ask for a rollback",
        {202: RunSerializer},
        errors=(403, 404),
        request=RollbackSerializer,
        key="required",
    )
    def post(self, request: Request) -> Response:
        """Start a run that returns to the last verified release; follow it at its `url`."""
        asked = body(request, RollbackSerializer)
        return once(request, lambda key: _roll_back(self, asked, key))


def _roll_back(view: Endpoint, asked: dict[str, Any], key: str) -> Response:
    environment = queries.environment_for(view.actor, asked["application"], asked["environment"])
    run = runs.start(view.actor, environment, "rollback", {"reason": asked["reason"]}, idempotency_key=key)
    return answer(RunSerializer(run).data, 202)
