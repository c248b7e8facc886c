"""Webhooks at the door: a request as it came, and the shapes of what is answered."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.exceptions import UnsupportedMediaType

from controlplane.api import parsers
from controlplane.api.filters import BIGGEST, ApplicationPage
from controlplane.core.errors import Refused, TimonelError
from workloads.hooks.signatures import Sent, kind_of
from workloads.models import WebhookDelivery

MOST_BYTES = 2**20
# A storm of alerts is one document; who sends them shows it by how it proves itself, so that nobody learns which names exist.
MOST_BYTES_OF_ALERTS = 4 * 2**20
JSON = ("application/json", "application/json; charset=utf-8", "application/json;charset=utf-8")


class NotAccepted(Refused):
    """Nobody learns whether the name or the signature was wrong."""

    code = "not_accepted"
    status = 401


class Busy(TimonelError):
    """Too much at once, said so that whoever gives up on 429 (as an Alertmanager does) sends it again."""

    code = "busy"
    status = 503


def sent_of(request: HttpRequest) -> Sent:
    """The request with every header as often as it was sent, and its body: 1 MiB of JSON at most, of an Alertmanager 4 MiB."""
    headers = _headers(request)
    said = [value.strip().lower() for value in headers.get("content-type", ())]
    if len(said) != 1 or said[0] not in JSON or "content-encoding" in headers:
        raise UnsupportedMediaType(said[0][:60] if said else "", "Webhooks are read as application/json, not compressed.")
    most = MOST_BYTES_OF_ALERTS if kind_of(headers) == "alertmanager" else MOST_BYTES
    body = parsers.read(request._stream, {"request": request}, most)
    return Sent(headers, body, time.time())


def sha256(body: bytes) -> str:
    """The digest of a body, for its row."""
    return hashlib.sha256(body).hexdigest()


def _headers(request: HttpRequest) -> dict[str, list[str]]:
    """From the server itself where it tells: Django joins a header that was sent twice into one."""
    found: dict[str, list[str]] = {}
    scope = getattr(request, "scope", None)
    pairs = scope["headers"] if scope else [(name.encode(), value.encode("latin-1")) for name, value in request.headers.items()]
    for name, value in pairs:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


class AcceptedSerializer(serializers.Serializer[Any]):
    """That a delivery was written down; `repeat`: it was before, and nothing more is done."""

    delivery = serializers.IntegerField()
    repeat = serializers.BooleanField()


class DeliverySerializer(serializers.Serializer[Any]):
    """One delivery of a webhook: what was understood of it, and what came of it."""

    id = serializers.IntegerField(source="pk")
    source = serializers.CharField(source="source.name")  # type: ignore[assignment]  # a field here, an attribute there
    kind = serializers.CharField(source="source.kind")
    application = serializers.CharField(source="source.application.name", allow_null=True, default=None)
    delivery_id = serializers.CharField()
    event = serializers.CharField()
    status = serializers.ChoiceField(choices=WebhookDelivery.Status.choices)
    facts = serializers.DictField()
    outcome = serializers.ListField(child=serializers.DictField())
    body_sha256 = serializers.CharField()
    received_at = serializers.DateTimeField()
    handled_at = serializers.DateTimeField(allow_null=True)


class DeliveriesQuery(ApplicationPage):
    """Which deliveries."""

    source = serializers.CharField(required=False, max_length=63)  # type: ignore[assignment]
    status = serializers.ChoiceField(required=False, choices=WebhookDelivery.Status.values)
    event = serializers.CharField(required=False, max_length=60)
    after = serializers.IntegerField(required=False, min_value=0, max_value=BIGGEST, help_text="Those with a higher number.")
