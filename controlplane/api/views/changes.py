"""Changes: what waits, the exact bytes, decisions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import uuid4

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.door import Endpoint, listed, operation, page_of
from controlplane.api.filters import ChangesQuery
from controlplane.api.idempotency import once
from controlplane.api.requests import ApproveSerializer, DecideSerializer, ReasonSerializer, ScheduleSerializer, body
from controlplane.api.serializers import ChangeDetailSerializer, ChangeSerializer
from workloads import changes, mending, queries
from workloads.models import Approval

FILTERS = {
    "status": "status",
    "risk": "risk",
    "application": "environment__application__name",
    "environment": "environment__name",
}


class Changes(Endpoint):
    """The changes that may be seen."""

    @operation("List changes", page_of(ChangeSerializer), query=ChangesQuery)
    def get(self, request: Request) -> Response:
        """Newest first; `status=waiting` is the inbox."""
        return listed(self, queries.changes_for(self.actor).defer("preview"), ChangeSerializer, FILTERS)


class OneChange(Endpoint):
    """One change."""

    @operation("Show a change", ChangeDetailSerializer, errors=(404,))
    def get(self, request: Request, number: int) -> Response:
        """With its preview, its decisions, and what the asker may decide."""
        return Response(ChangeDetailSerializer(queries.change_for(self.actor, number)).data)


class Diff(Endpoint):
    """The exact bytes that are decided on."""

    @operation("Read the exact preview", {200: OpenApiTypes.OBJECT}, errors=(404,))
    def get(self, request: Request, number: int) -> HttpResponse:
        """Canonical JSON; its SHA-256 is what a decision must name, and the ETag."""
        change = queries.change_for(self.actor, number).change
        return HttpResponse(bytes(change.preview), content_type="application/json", headers={"ETag": f'"{change.preview_sha256}"'})


class Decide(Endpoint):
    """One kind of decision."""

    decision = ""
    shape: type[DecideSerializer] = DecideSerializer

    def answer(self, request: Request, number: int) -> Response:
        """Take the decision once."""
        given = body(request, self.shape)
        return once(request, lambda _: self._decide(number, **given), required=False)

    def _decide(self, number: int, **given: Any) -> Response:
        changes.decide(self.actor, number, self.decision, **given)
        return Response(ChangeDetailSerializer(queries.change_for(self.actor, number)).data)


Post = TypeVar("Post", bound=Callable[..., Any])


def _described(summary: str, shape: type[DecideSerializer] = DecideSerializer) -> Callable[[Post], Post]:
    return operation(summary, ChangeDetailSerializer, errors=(403, 404), request=shape, key="optional")


class Approve(Decide):
    """Approve."""

    decision = Approval.Decision.APPROVE.value
    shape = ApproveSerializer

    @_described("Approve a change", ApproveSerializer)
    def post(self, request: Request, number: int) -> Response:
        """Exactly the preview that was shown, with a reason; with `not_before` it begins later."""
        return self.answer(request, number)


class Reject(Decide):
    """Reject."""

    decision = Approval.Decision.REJECT.value

    @_described("Reject a change")
    def post(self, request: Request, number: int) -> Response:
        """Any rejection ends it."""
        return self.answer(request, number)


class Override(Decide):
    """Override."""

    decision = Approval.Decision.OVERRIDE.value
    shape = ApproveSerializer

    @_described("Override the approval of a change", ApproveSerializer)
    def post(self, request: Request, number: int) -> Response:
        """Needs the right to override; recorded as an override."""
        return self.answer(request, number)


class Schedule(Endpoint):
    """The moment before which a change does not begin."""

    @operation("Choose when a change begins", ChangeDetailSerializer, errors=(403, 404), request=ScheduleSerializer, key="optional")
    def post(self, request: Request, number: int) -> Response:
        """Whoever may approve it may choose, before and after it is approved; it approves nothing."""
        given = body(request, ScheduleSerializer)
        return once(request, lambda _: self._schedule(number, **given), required=False)

    def _schedule(self, number: int, **given: Any) -> Response:
        changes.schedule(self.actor, number, **given)
        return Response(ChangeDetailSerializer(queries.change_for(self.actor, number)).data)


class Withdraw(Endpoint):
    """The end of a change that was not begun."""

    @operation("Withdraw a change", ChangeDetailSerializer, errors=(403, 404), request=ReasonSerializer, key="optional")
    def post(self, request: Request, number: int) -> Response:
        """Whoever may run things there may withdraw it."""
        reason = body(request, ReasonSerializer)["reason"]
        return once(request, lambda _: self._withdraw(number, reason), required=False)

    def _withdraw(self, number: int, reason: str) -> Response:
        changes.cancel(self.actor, number, reason)
        return Response(ChangeDetailSerializer(queries.change_for(self.actor, number)).data)


class Undo(Endpoint):
    """The way back from a repair."""

    @operation("Propose to take back a repair", {201: ChangeDetailSerializer}, errors=(403, 404, 502, 504), key="optional")
    def post(self, request: Request, number: int) -> Response:
        """Another change, from what was kept of before: previewed and approved like any other."""
        return once(request, lambda given: self._undo(number, given), required=False)

    def _undo(self, number: int, given: str) -> Response:
        change = queries.change_for(self.actor, number).change
        made = mending.propose_undo(self.actor, change, idempotency_key=given or f"api-{uuid4()}")
        return Response(ChangeDetailSerializer(queries.change_for(self.actor, made.pk)).data, status=201)
