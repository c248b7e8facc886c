"""Incidents: the list, one with its story, and saying that it is over."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid
from controlplane.core.permissions import Verb
from controlplane.core.rights import demand, may
from controlplane.dashboard import door, places, sight
from controlplane.dashboard.paging import page_of, text
from controlplane.dashboard.reads import diagnoses
from controlplane.dashboard.reads import incidents as reads
from controlplane.dashboard.reads.run_list import LENGTHS, SINCE
from controlplane.dashboard.views import alerts, remedies
from workloads import incidents, visibility
from workloads.models import Incident

UNRESOLVED = "unresolved"
STATES = (UNRESOLVED, *Incident.Status.values)


def index(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Symptoms from alert to repair, newest first."""
    environment = places.environment(request, actor)
    rows = environment.filter(visibility.incidents(actor), "environment")
    state, since = text(request, "status"), text(request, "since")
    if state in STATES:
        rows = rows.exclude(status=Incident.Status.RESOLVED) if state == UNRESOLVED else rows.filter(status=state)
    if since in LENGTHS:
        rows = rows.filter(opened_at__gte=timezone.now() - LENGTHS[since])
    page = page_of(request, rows)
    here = [incident.environment_id for incident in page.rows]
    resolvable = set(sight.environments(actor, Verb.RUN).filter(pk__in=here).values_list("pk", flat=True))
    context: dict[str, Any] = {"page": page, "chosen": {"status": state, "since": since}, "environment": environment}
    return render(request, "incidents/list.html", context | {"states": STATES, "times": SINCE, "resolvable": resolvable})


def show(request: HttpRequest, actor: Actor, incident_id: int) -> HttpResponse:
    """One incident: what is the matter, what happened, what it rests on."""
    incident = sight.one(visibility.incidents(actor), "incident", pk=incident_id)
    evidence = {name: value for name, value in incident.evidence.items() if name != "summary"}
    context = {"incident": incident, "story": reads.story(actor, incident), "evidence": evidence}
    context["diagnosis"] = diagnoses.of_incident(incident)
    context |= alerts.context(request, incident) | remedies.context(actor, incident.environment)
    context["may_resolve"] = incident.status != Incident.Status.RESOLVED and may(actor, Verb.RUN, incident.environment.scopes)
    return render(request, "incidents/page.html", context)


def resolve(request: HttpRequest, actor: Actor, incident_id: int) -> HttpResponse:
    """Say that the cause of an incident is gone."""
    incident = sight.one(visibility.incidents(actor), "incident", pk=incident_id)
    demand(actor, Verb.RUN, incident.environment.scopes, f"the incident in {incident.environment}")
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise Invalid(_("Resolving needs a reason."), cure=_("Say in a sentence what the cause was and why it is gone."))
    incidents.resolve(actor, incident, reason)
    return door.go(request, reverse("incident", args=[incident.pk]))
