"""Findings and releases: what is known of an application."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.door import Endpoint, listed, operation, page_of
from controlplane.api.filters import FindingsQuery, ReleasesQuery
from controlplane.api.idempotency import once
from controlplane.api.requests import SuppressSerializer, body
from controlplane.api.serializers import FindingSerializer, OwnedReleaseSerializer
from controlplane.core.errors import NotFound
from workloads import findings, queries
from workloads.models import Finding, Release


class Releases(Endpoint):
    """Immutable versions."""

    @operation("List releases", page_of(OwnedReleaseSerializer), query=ReleasesQuery)
    def get(self, request: Request) -> Response:
        """Newest first."""
        filters = {"application": "application__name", "commit": "commit"}
        return listed(self, queries.releases_for(self.actor), OwnedReleaseSerializer, filters)


class OneRelease(Endpoint):
    """One release."""

    @operation("Show a release", OwnedReleaseSerializer, errors=(404,))
    def get(self, request: Request, number: int) -> Response:
        """With its commit and digests."""
        found: Release = _one(queries.releases_for(self.actor), "release", number)
        return Response(OwnedReleaseSerializer(found).data)


class Findings(Endpoint):
    """What tools reported."""

    @operation("List findings", page_of(FindingSerializer), query=FindingsQuery)
    def get(self, request: Request) -> Response:
        """Newest first; of one run with `run`, of one report with `report`."""
        rows = queries.findings_for(self.actor, run_number=self.given.get("run"))
        if "state" in self.given:
            rows = rows.filter(findings.in_state(self.given["state"], timezone.now()))
        filters = {name: name for name in ("tool", "rule", "severity")}
        filters |= {"application": "application__name", "report": "sightings__report"}
        return listed(self, rows, FindingSerializer, filters)


class OneFinding(Endpoint):
    """One finding."""

    @operation("Show a finding", FindingSerializer, errors=(404,))
    def get(self, request: Request, number: int) -> Response:
        """With its suppression, if there is one."""
        found: Finding = _one(queries.findings_for(self.actor), "finding", number)
        return Response(FindingSerializer(found).data)


class Suppress(Endpoint):
    """The end of a finding's counting."""

    @operation("Suppress a finding", FindingSerializer, errors=(403, 404), request=SuppressSerializer, key="optional")
    def post(self, request: Request, number: int) -> Response:
        """With a reason, and if wished an end."""
        given = body(request, SuppressSerializer)
        return once(request, lambda _: self._suppress(number, given), required=False)

    def _suppress(self, number: int, given: dict[str, Any]) -> Response:
        found: Finding = _one(queries.findings_for(self.actor), "finding", number)
        return Response(FindingSerializer(findings.suppress(self.actor, found.pk, given["reason"], until=given["until"])).data)


def _one(rows: QuerySet[Any], what: str, number: int) -> Any:
    found = rows.filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no {what} {number}, or you may not see it.")
    return found
