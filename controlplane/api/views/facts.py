"""Findings and incidents."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.door import Endpoint, Pages, operation, page_of
from controlplane.api.serializers import FindingSerializer, IncidentSerializer
from controlplane.core.errors import Invalid
from workloads import queries


class Findings(Endpoint):
    """What tools reported."""

    @operation("List findings", page_of(FindingSerializer), errors=(400,), query={"run": int, "cursor": str, "limit": int})
    def get(self, request: Request) -> Response:
        """Newest first; of one run with `run`."""
        run = request.query_params.get("run")
        if run is not None and not run.isdecimal():
            raise Invalid("`run` is the number of a run.")
        pages = Pages()
        rows = queries.findings_for(self.actor, run_number=int(run) if run else None)
        return pages.get_paginated_response(FindingSerializer(pages.paginate_queryset(rows, request, view=self), many=True).data)


class Incidents(Endpoint):
    """What went wrong."""

    @operation("List incidents", page_of(IncidentSerializer), query={"cursor": str, "limit": int})
    def get(self, request: Request) -> Response:
        """Newest first."""
        pages = Pages()
        page = pages.paginate_queryset(queries.incidents_for(self.actor), request, view=self)
        return pages.get_paginated_response(IncidentSerializer(page, many=True).data)
