"""Reports of tools that ran in a pipeline."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api import parsers
from controlplane.api.door import Endpoint, listed, operation, page_of
from controlplane.api.filters import ReportQuery, ReportsQuery
from controlplane.api.idempotency import answer, once
from controlplane.api.serializers import ReportSerializer
from controlplane.core.errors import NotFound
from workloads import queries, reporting

BODY = {"application/json": OpenApiTypes.OBJECT, "application/xml": OpenApiTypes.STR}


class ApplicationReports(Endpoint):
    """Where a pipeline sends what its tools wrote."""

    parser_classes = (parsers.Report,)

    @operation("Send a report", {201: ReportSerializer}, errors=(403, 404), request=BODY, query=ReportQuery, key="optional")
    def post(self, request: Request, name: str) -> Response:
        """The body is the report as the tool wrote it, at most 20 MB; its findings are kept, new and fixed ones counted."""
        return once(request, lambda _: self._receive(request, name), required=False)

    def _receive(self, request: Any, name: str) -> Response:
        application = queries.application_for(self.actor, name)
        content = request.data["content"] if request.data else b""
        sent = reporting.Sent(content=content, **self.given)
        report = reporting.receive(self.actor, application, sent)
        return answer(ReportSerializer(report).data, 201)


class Reports(Endpoint):
    """What was received."""

    @operation("List reports", page_of(ReportSerializer), query=ReportsQuery)
    def get(self, request: Request) -> Response:
        """Newest first."""
        filters = {"application": "application__name", "tool": "tool", "commit": "commit"}
        return listed(self, queries.reports_for(self.actor), ReportSerializer, filters)


class OneReport(Endpoint):
    """One report."""

    @operation("Show a report", ReportSerializer, errors=(404,))
    def get(self, request: Request, number: int) -> Response:
        """Its findings are at /findings?report=."""
        found = queries.reports_for(self.actor).filter(pk=number).first()
        if found is None:
            raise NotFound(f"There is no report {number}, or you may not see it.")
        return Response(ReportSerializer(found).data)
