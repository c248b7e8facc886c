"""Notifications: what was sent to whom, and sending again; for who administers everything."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.door import Endpoint, listed, operation, page_of
from controlplane.api.filters import NotificationsQuery
from controlplane.api.idempotency import once
from controlplane.api.serializers import NotificationDetailSerializer, NotificationSerializer
from workloads.notices import asking

FILTERS = {"status": "status", "kind": "kind", "channel": "channel__name", "subject": "subject"}


class Notifications(Endpoint):
    """The delivery log."""

    @operation("List notifications", page_of(NotificationSerializer), errors=(403,), query=NotificationsQuery)
    def get(self, request: Request) -> Response:
        """Newest first."""
        return listed(self, asking.delivery_log(self.actor), NotificationSerializer, FILTERS)


class OneNotification(Endpoint):
    """One message."""

    @operation("Show a notification", NotificationDetailSerializer, errors=(403, 404))
    def get(self, request: Request, number: int) -> Response:
        """With every attempt."""
        return Response(NotificationDetailSerializer(asking.one(self.actor, number)).data)


class SendAgain(Endpoint):
    """One more delivery."""

    @operation("Send a notification again", {202: NotificationSerializer}, errors=(403, 404, 409), key="optional")
    def post(self, request: Request, number: int) -> Response:
        """With its key, so that a receiver that has it already can tell. What is on its way is not sent again."""
        return once(request, lambda _: self._send(number), required=False)

    def _send(self, number: int) -> Response:
        asking.send_again(self.actor, number)
        return Response(NotificationSerializer(asking.one(self.actor, number)).data, status=202)
