"""The alerts of an incident: a part of its page, and a page of its own where there is no JavaScript."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from controlplane.core.actors import Actor
from controlplane.dashboard import door, sight
from controlplane.dashboard.paging import page_of, text
from controlplane.dashboard.reads import alerts as reads
from workloads import visibility
from workloads.models import Incident


def index(request: HttpRequest, actor: Actor, incident_id: int) -> HttpResponse:
    """Fifty of them, the newest first; `?state=firing` or `over` are those."""
    incident = sight.one(visibility.incidents(actor), "incident", pk=incident_id)
    template = "incidents/_alerts.html" if door.is_htmx(request) else "incidents/alerts.html"
    return render(request, template, context(request, incident))


def context(request: HttpRequest, incident: Incident) -> dict[str, Any]:
    """What the part of the page needs."""
    state = text(request, "state")
    page = page_of(request, reads.rows(incident, state))
    return {"incident": incident, "alerts": page, "lines": reads.lines(page.rows), "alert_state": state}
