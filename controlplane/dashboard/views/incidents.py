"""Incidents: the list, one with its story, opening one by hand, choosing a remedy, its post-mortem, saying that it is over."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from agents import responding
from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid, TimonelError
from controlplane.core.permissions import Verb
from controlplane.core.rights import demand
from controlplane.dashboard import door, places, sight
from controlplane.dashboard.paging import number, page_of, text
from controlplane.dashboard.reads import incidents as reads
from controlplane.dashboard.reads.run_list import LENGTHS, SINCE
from controlplane.dashboard.views import alerts, remedies
from workloads import incidents, postmortems, responses, visibility
from workloads.models import Incident

UNRESOLVED = "unresolved"
NEEDS_A_PERSON = "escalated"
STATES = (UNRESOLVED, NEEDS_A_PERSON, *Incident.Status.values)
MOST_PLACES = 200


def index(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Symptoms from alert to repair, newest first."""
    environment = places.environment(request, actor)
    rows = environment.filter(visibility.incidents(actor), "environment")
    state, since = text(request, "status"), text(request, "since")
    if state in (UNRESOLVED, NEEDS_A_PERSON):
        rows = rows.exclude(status=Incident.Status.RESOLVED)
        rows = rows.filter(escalated_at__isnull=False) if state == NEEDS_A_PERSON else rows
    elif state in STATES:
        rows = rows.filter(status=state)
    if since in LENGTHS:
        rows = rows.filter(opened_at__gte=timezone.now() - LENGTHS[since])
    page = page_of(request, rows)
    reads.with_waiting(page.rows, actor)
    here = [incident.environment_id for incident in page.rows]
    runnable = sight.environments(actor, Verb.RUN)
    context: dict[str, Any] = {"page": page, "chosen": {"status": state, "since": since}, "environment": environment}
    context |= {"resolvable": set(runnable.filter(pk__in=here).values_list("pk", flat=True)), "states": STATES, "times": SINCE}
    if door.is_htmx(request):
        return render(request, "incidents/_rows.html", context)
    return render(request, "incidents/list.html", context | {"places_to_open": list(runnable[:MOST_PLACES])})


def show(request: HttpRequest, actor: Actor, incident_id: int) -> HttpResponse:
    """One incident: what is the matter, what can be done now, what happened, what it rests on."""
    incident = _one(actor, incident_id)
    template = "incidents/_now.html" if door.is_htmx(request) else "incidents/page.html"
    return render(request, template, _context(request, actor, incident))


def open_one(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What a person saw, as an incident of an environment."""
    place = sight.one(sight.environments(actor), "environment", pk=number(request.POST.get("environment", "")) or 0)
    made = incidents.open_by(actor, place, request.POST.get("title", ""), request.POST.get("seen", ""))
    return door.go(request, reverse("incident", args=[made.pk]))


def look_again(request: HttpRequest, actor: Actor, incident_id: int) -> HttpResponse:
    """Have a run look after it anew."""
    responding.look_again(actor, _one(actor, incident_id))
    return door.go(request, reverse("incident", args=[incident_id]))


def choose(request: HttpRequest, actor: Actor, incident_id: int) -> HttpResponse:
    """Have another remedy proposed."""
    reviewed = request.POST.get("by") == "pull_request"
    responses.choose(actor, _one(actor, incident_id), request.POST.get("remedy", "")[:64], reviewed=reviewed)
    return door.go(request, reverse("incident", args=[incident_id]))


def write(request: HttpRequest, actor: Actor, incident_id: int) -> HttpResponse:
    """A version of the post-mortem; when it is refused the page says why and keeps what was typed."""
    incident = _one(actor, incident_id)
    typed, seen = request.POST.get("text", ""), number(request.POST.get("seen", "")) or 0
    try:
        postmortems.write(actor, incident, typed, seen=seen)
    except TimonelError as error:
        context = _context(request, actor, incident) | {"write_error": error, "typed": typed, "seen": seen}
        return render(request, "incidents/page.html", context, status=error.status)
    if incident.status == Incident.Status.RESOLVED:
        responding.publish(incident)
    return door.go(request, f"{reverse('incident', args=[incident_id])}#post-mortem")


def resolve(request: HttpRequest, actor: Actor, incident_id: int) -> HttpResponse:
    """Say that the cause of an incident is gone."""
    incident = _one(actor, incident_id)
    demand(actor, Verb.RUN, incident.environment.scopes, f"the incident in {incident.environment}")
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise Invalid(_("Resolving needs a reason."), cure=_("Say in a sentence what the cause was and why it is gone."))
    incidents.resolve(actor, incident, reason)
    return door.go(request, reverse("incident", args=[incident.pk]))


def _one(actor: Actor, incident_id: int) -> Incident:
    found: Incident = sight.one(visibility.incidents(actor), "incident", pk=incident_id)
    return found


def _context(request: HttpRequest, actor: Actor, incident: Incident) -> dict[str, Any]:
    evidence = {name: value for name, value in incident.evidence.items() if name != "summary"}
    story = reads.story(actor, incident)
    ending = next((one.text for one in reversed(story) if one.state == Incident.Status.RESOLVED and one.kind == "incident"), "")
    context = {"incident": incident, "story": story, "ending": ending, "evidence": evidence}
    context |= alerts.context(request, incident) | remedies.context(actor, incident.environment)
    return context | reads.page_of(actor, incident)
