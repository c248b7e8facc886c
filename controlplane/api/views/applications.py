"""Applications, their environments, and the variables of those."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.compared import CompareQuery, ComparisonSerializer
from controlplane.api.door import Endpoint, listed, operation, page_of
from controlplane.api.filters import EnvironmentsQuery, PageQuery
from controlplane.api.idempotency import once
from controlplane.api.requests import NewEnvironmentSerializer, ReasonSerializer, VariableValueSerializer, body
from controlplane.api.serializers import (
    ApplicationSerializer,
    EnvironmentDetailSerializer,
    EnvironmentSerializer,
    VariableSerializer,
)
from controlplane.core.actors import Actor
from controlplane.core.errors import NotFound
from workloads import catalog, comparison, holds, queries
from workloads.models import Application


def _seen(actor: Actor) -> QuerySet[Application]:
    environments = Prefetch("environments", queryset=queries.environments_for(actor), to_attr="seen_environments")
    return queries.applications_for(actor).prefetch_related(environments)


class Applications(Endpoint):
    """The applications that may be seen."""

    @operation("List applications", page_of(ApplicationSerializer), query=PageQuery)
    def get(self, request: Request) -> Response:
        """Newest first."""
        return listed(self, _seen(self.actor), ApplicationSerializer)


class OneApplication(Endpoint):
    """One application."""

    @operation("Show an application", ApplicationSerializer, errors=(404,))
    def get(self, request: Request, name: str) -> Response:
        """With the environments that may be seen."""
        found = _seen(self.actor).filter(name=name).first()
        if found is None:
            raise NotFound(f"There is no application '{name}', or you may not see it.")
        return Response(ApplicationSerializer(found).data)


class CompareReleases(Endpoint):
    """Two releases of one application."""

    @operation("Compare two releases", ComparisonSerializer, errors=(404,), query=CompareQuery)
    def get(self, request: Request, name: str) -> Response:
        """What leads from one to the other: commits, files, migrations, variables by name, processes, settings."""
        application = queries.application_for(self.actor, name)
        found = comparison.compare(self.actor, application, self.given["from"], self.given["to"])
        return Response(ComparisonSerializer(found).data)


class Environments(Endpoint):
    """The environments that may be seen."""

    @operation("List environments", page_of(EnvironmentSerializer), query=EnvironmentsQuery)
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows = queries.environments_for(self.actor)
        return listed(self, rows, EnvironmentSerializer, {"application": "application__name", "tier": "tier"})


class ApplicationEnvironments(Endpoint):
    """The environments of one application."""

    @operation(
        "Add an environment", {201: EnvironmentSerializer}, errors=(403, 404), request=NewEnvironmentSerializer, key="optional"
    )
    def post(self, request: Request, name: str) -> Response:
        """With a stable address of its own; administrators of the application may."""
        given = body(request, NewEnvironmentSerializer)
        application = queries.application_for(self.actor, name)
        return once(request, lambda _: self._add(application, given), required=False)

    def _add(self, application: Application, given: dict[str, Any]) -> Response:
        made = catalog.add_environment(self.actor, application, given["name"], given["tier"])
        return Response(EnvironmentSerializer(made).data, status=201)


class OneEnvironment(Endpoint):
    """One environment."""

    @operation("Show an environment", EnvironmentDetailSerializer, errors=(404,))
    def get(self, request: Request, name: str, environment: str) -> Response:
        """What is live, what waits, the way back."""
        found = queries.environment_detail(self.actor, name, environment)
        return Response(EnvironmentDetailSerializer(found).data)


class Hold(Endpoint):
    """The hold of automation after an automatic rollback."""

    @operation("Release the hold of automation", EnvironmentSerializer, errors=(403, 404), request=ReasonSerializer, key="optional")
    def post(self, request: Request, name: str, environment: str) -> Response:
        """Let automation work there again."""
        reason = body(request, ReasonSerializer)["reason"]
        return once(request, lambda _: self._release(name, environment, reason), required=False)

    def _release(self, name: str, environment: str, reason: str) -> Response:
        found: Any = queries.environment_for(self.actor, name, environment)
        holds.release(self.actor, found, reason)
        found.refresh_from_db()
        return Response(EnvironmentSerializer(found).data)


class Variables(Endpoint):
    """The variables of an environment."""

    @operation("List the variables of an environment", VariableSerializer(many=True), errors=(404,))
    def get(self, request: Request, name: str, environment: str) -> Response:
        """By name; the value of a secret is never answered."""
        return Response(VariableSerializer(queries.variables_for(self.actor, name, environment), many=True).data)


class OneVariable(Endpoint):
    """One variable of an environment."""

    @operation("Set a variable", VariableSerializer, errors=(403, 404), request=VariableValueSerializer)
    def put(self, request: Request, name: str, environment: str, variable: str) -> Response:
        """It is stored sealed, and reaches the processes with the next deployment, in its Change."""
        given = body(request, VariableValueSerializer)
        found = queries.environment_for(self.actor, name, environment)
        catalog.set_variables(self.actor, found, {variable: given["value"]}, given["secret"])
        rows = queries.variables_for(self.actor, name, environment)
        return Response(VariableSerializer(next(row for row in rows if row["name"] == variable)).data)

    @operation("Remove a variable", {204: None}, errors=(403, 404))
    def delete(self, request: Request, name: str, environment: str, variable: str) -> Response:
        """Its default or binding takes its place with the next deployment. What is not there is removed already."""
        catalog.remove_variable(self.actor, queries.environment_for(self.actor, name, environment), variable)
        return Response(status=204)
