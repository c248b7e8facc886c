"""Whether Timonel lives, is ready, and what it counts of itself."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from prometheus_client import CONTENT_TYPE_LATEST
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from controlplane.api import measures, readiness
from controlplane.api.door import Endpoint, operation
from controlplane.api.serializers import HealthSerializer
from controlplane.core.permissions import EVERYWHERE, Verb
from controlplane.core.rights import demand


class Open(Endpoint):
    """For whoever watches over processes: no token, no limit, no database to ask who it is."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get_throttles(self) -> list[BaseThrottle]:
        """None."""
        return []


class Live(Open):
    """Whether this process answers."""

    @operation("Show whether Timonel lives", HealthSerializer)
    def get(self, request: Request) -> Response:
        """Asks nothing of anybody: a database that is away is no reason to start this process again."""
        return Response({"status": "ok", "checks": {}})


class Ready(Open):
    """Whether this process can work."""

    @operation("Show whether Timonel is ready", {200: HealthSerializer, 503: HealthSerializer})
    def get(self, request: Request) -> Response:
        """Looks at the database, its migrations, and Valkey."""
        checks = readiness.look()
        well = all(found == readiness.OK for found in checks.values())
        return Response({"status": "ok" if well else "unavailable", "checks": checks}, status=200 if well else 503)


class Exposition(JSONRenderer):
    """Stands for Prometheus' own text where the asker names what they take; it renders nothing but problems."""

    media_type = "text/plain"
    format = "prometheus"


class Metrics(Endpoint):
    """What Timonel counts of itself."""

    renderer_classes = (Exposition, JSONRenderer)

    @operation("Read the metrics", {(200, "text/plain"): OpenApiTypes.STR}, errors=(403,))
    def get(self, request: Request) -> HttpResponse:
        """For Prometheus, with the token of somebody who may see everything."""
        demand(self.actor, Verb.VIEW, [EVERYWHERE], "the metrics of everything")
        return HttpResponse(measures.exposition(), content_type=CONTENT_TYPE_LATEST)
