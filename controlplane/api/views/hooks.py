"""Webhooks: the door they come in by, and what came of them."""

from __future__ import annotations

import logging
from dataclasses import replace

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from rest_framework.exceptions import Throttled
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from controlplane.api.door import Endpoint, listed, operation, page_of
from controlplane.api.idempotency import once
from controlplane.api.limits import Count, count_stranger, left
from controlplane.api.webhooks import AcceptedSerializer, Busy, DeliveriesQuery, DeliverySerializer, NotAccepted, sent_of, sha256
from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid, NotFound
from workloads import deliveries, sources
from workloads.hooks import parsing
from workloads.hooks.reading import Unreadable
from workloads.hooks.signatures import Proof, Sent, Unproved, kind_of, prove
from workloads.models import WebhookDelivery, WebhookSource

log = logging.getLogger(__name__)
BODY = {"application/json": OpenApiTypes.OBJECT}
NOBODY = "This delivery is not accepted."
TOO_MUCH = "This source sends more than is taken in a minute."
LATER = "Send it again in a minute; raise TIMONEL_HOOKS_A_MINUTE, or have more alerts sent at once (group_by)."
LOOK = "Compare the address and the secret with what the administration shows; the log of Timonel says more."


class Hook(Endpoint):
    """The door. Nothing is read of a body before it is proved who sent it; strangers learn nothing, not even which names exist."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parse = staticmethod(parsing.parse)

    def get_throttles(self) -> list[BaseThrottle]:
        """Strangers are counted when they prove to be some, sources once they are known."""
        return []

    @operation("Send a webhook", {202: AcceptedSerializer}, errors=(404, 503), request=BODY)
    def post(self, request: Request, name: str) -> Response:
        """Signed as its source signs, 1 MiB of JSON at most (alerts: 4 MiB). A repeat is answered alike and does nothing."""
        sent = sent_of(request._request)
        source, proof = self._proved(request, name, sent)
        if Count(f"hook/{source.pk}", settings.HOOKS_A_MINUTE).exceeded():
            if source.kind == WebhookSource.Kind.ALERTMANAGER:
                raise Busy(TOO_MUCH, cure=LATER)
            raise Throttled(wait=left())
        try:
            news = self.parse(source.kind, proof.event, sent.body)
        except Unreadable as error:
            raise Invalid(str(error), cure="Send the document of this event as the sender's documentation describes it.") from error
        actor = replace(deliveries.actor_of(source), request_id=str(request.META.get("timonel.request_id", "")))
        delivery, made = deliveries.receive(actor, source, proof, sha256(sent.body), news)
        return Response({"delivery": delivery.pk, "repeat": not made}, 202)

    def _proved(self, request: Request, name: str, sent: Sent) -> tuple[WebhookSource, Proof]:
        source = sources.known(name)
        try:
            if source is None:
                raise Unproved(f"there is no such source, and {_pretend(sent)}")
            return source, prove(source.kind, sent, sources.secrets_of(source))
        except Unproved as error:
            log.warning("a webhook for %s was not accepted: %s", name, error)
            count_stranger(request)
            raise NotAccepted(NOBODY, cure=LOOK) from error


def _pretend(sent: Sent) -> str:
    """As much work for a name that does not exist as for one that does."""
    try:
        prove(kind_of(sent.headers), sent, [])
    except Unproved as error:
        return str(error)
    return "it was signed with the decoy"


class Deliveries(Endpoint):
    """What was received."""

    @operation("List webhook deliveries", page_of(DeliverySerializer), query=DeliveriesQuery)
    def get(self, request: Request) -> Response:
        """Newest first; of the applications that the asker administers."""
        filters = {"source": "source__name", "status": "status", "event": "event", "application": "source__application__name"}
        return listed(self, deliveries.visible(self.actor), DeliverySerializer, filters | {"after": "pk__gt"})


class OneDelivery(Endpoint):
    """One delivery."""

    @operation("Show a webhook delivery", DeliverySerializer, errors=(404,))
    def get(self, request: Request, number: int) -> Response:
        """With what came of it."""
        return Response(DeliverySerializer(_one(self.actor, number)).data)


class HandleAgain(Endpoint):
    """A delivery, once more."""

    @operation("Handle a webhook delivery again", {202: DeliverySerializer}, errors=(403, 404, 409), key="optional")
    def post(self, request: Request, number: int) -> Response:
        """By the rules as they are now; what it began before is found again, not begun twice."""
        return once(request, lambda _: self._again(number), required=False)

    def _again(self, number: int) -> Response:
        deliveries.handle_again(self.actor, _one(self.actor, number))
        return Response(DeliverySerializer(_one(self.actor, number)).data, 202)


def _one(actor: Actor, number: int) -> WebhookDelivery:
    found = deliveries.visible(actor).filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no delivery {number}, or you may not see it.")
    return found
