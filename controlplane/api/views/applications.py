"""Applications and their environments."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.door import Endpoint, Pages, operation, page_of
from controlplane.api.requests import ReasonSerializer, body
from controlplane.api.serializers import ApplicationSerializer, EnvironmentDetailSerializer, EnvironmentSerializer
from controlplane.core.actors import Actor
from controlplane.core.errors import NotFound
from workloads import holds, queries
from workloads.models import Application


def _seen(actor: Actor) -> QuerySet[Application]:
    environments = Prefetch("environments", queryset=queries.environments_for(actor), to_attr="seen_environments")
    return queries.applications_for(actor).prefetch_related(environments)


class Applications(Endpoint):
    """The applications that may be seen."""

    @operation("List applications", page_of(ApplicationSerializer), query={"cursor": str, "limit": int})
    def get(self, request: Request) -> Response:
        """Newest first."""
        pages = Pages()
        rows = pages.paginate_queryset(_seen(self.actor), request, view=self)
        return pages.get_paginated_response(ApplicationSerializer(rows, many=True).data)


class OneApplication(Endpoint):
    """One application."""

    @operation("Show an application", ApplicationSerializer, errors=(404,))
    def get(self, request: Request, name: str) -> Response:
        """With the environments that may be seen."""
        found = _seen(self.actor).filter(name=name).first()
        if found is None:
            raise NotFound(f"There is no application '{name}', or you may not see it.")
        return Response(ApplicationSerializer(found).data)


class OneEnvironment(Endpoint):
    """One environment."""

    @operation("Show an environment", EnvironmentDetailSerializer, errors=(404,))
    def get(self, request: Request, name: str, environment: str) -> Response:
        """What is live, what waits, the way back."""
        found = queries.environment_detail(self.actor, name, environment)
        return Response(EnvironmentDetailSerializer(found).data)


class Hold(Endpoint):
    """The hold of automation after an automatic rollback."""

    @operation("Release the hold of automation", EnvironmentSerializer, errors=(400, 403, 404, 409), request=ReasonSerializer)
    def post(self, request: Request, name: str, environment: str) -> Response:
        """Let automation work there again."""
        found: Any = queries.environment_for(self.actor, name, environment)
        holds.release(self.actor, found, body(request, ReasonSerializer)["reason"])
        found.refresh_from_db()
        return Response(EnvironmentSerializer(found).data)
