"""Webhooks: what was received, what came of it, and having one handled again. For who administers the application."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from agents import queries
from controlplane.core.actors import Actor
from controlplane.core.permissions import Verb
from controlplane.core.rights import may
from controlplane.dashboard import door, sight
from controlplane.dashboard.paging import page_of, text
from controlplane.dashboard.reads.run_list import LENGTHS, SINCE
from controlplane.dashboard.views.lists import filtered
from workloads import deliveries, sources, statuses
from workloads.models import WebhookDelivery, WebhookRule

EVENTS = WebhookRule.Event.values


def index(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Deliveries, newest first."""
    rows, chosen = filtered(request, deliveries.visible(actor), status="status", source="source__name", event="event")
    since = text(request, "since")
    if since in LENGTHS:
        rows = rows.filter(received_at__gte=timezone.now() - LENGTHS[since])
    page = page_of(request, rows)
    context: dict[str, Any] = {"page": page, "chosen": chosen | {"since": since}, "states": WebhookDelivery.Status.values}
    context |= {"times": SINCE, "sources": sources.visible(actor), "rows": [(row, _runs(row)) for row in page.rows]}
    return render(request, "webhooks/list.html", context)


def show(request: HttpRequest, actor: Actor, delivery_id: int) -> HttpResponse:
    """One delivery: what it said, what came of it, what the forge was told."""
    delivery = sight.one(deliveries.visible(actor), _("delivery"), pk=delivery_id)
    return render(request, "webhooks/page.html", _context(actor, delivery))


def state(request: HttpRequest, actor: Actor, delivery_id: int) -> HttpResponse:
    """The part of its page that changes by itself."""
    delivery = sight.one(deliveries.visible(actor), _("delivery"), pk=delivery_id)
    return render(request, "webhooks/_state.html", _context(actor, delivery))


def again(request: HttpRequest, actor: Actor, delivery_id: int) -> HttpResponse:
    """Have it handled again, by the rules of now."""
    delivery = sight.one(deliveries.visible(actor), _("delivery"), pk=delivery_id)
    deliveries.handle_again(actor, delivery)
    return door.go(request, reverse("webhook", args=[delivery.pk]))


def _context(actor: Actor, delivery: WebhookDelivery) -> dict[str, Any]:
    began = _runs(delivery)
    return {
        "delivery": delivery,
        "going": delivery.status == WebhookDelivery.Status.RECEIVED,
        "may_handle": may(actor, Verb.RUN, delivery.source.scopes),
        "runs": {run.pk: run for run in queries.runs_for(actor).filter(pk__in=began)},
        "told": statuses.of_runs(delivery.source, began),
    }


def _runs(delivery: WebhookDelivery) -> list[int]:
    return [one["run"] for one in delivery.outcome if "run" in one]
