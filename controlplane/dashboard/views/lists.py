"""Plain lists: deployments, incidents."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid
from controlplane.core.permissions import Verb
from controlplane.core.rights import demand
from controlplane.dashboard import door, places, sight
from controlplane.dashboard.paging import page_of, text
from workloads import incidents as use_cases
from workloads import visibility
from workloads.models import Deployment, Incident


def deployments(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every attempt to make a release live, newest first."""
    environment = places.environment(request, actor)
    rows = environment.filter(visibility.deployments(actor), "environment")
    rows, chosen = filtered(request, rows, status="status", kind="kind")
    context: dict[str, Any] = {"page": page_of(request, rows), "chosen": chosen, "environment": environment}
    context |= {"states": Deployment.Status.values, "kinds": Deployment.Kind.values}
    return render(request, "deployments/list.html", context)


def incidents(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Symptoms from alert to repair, newest first."""
    environment = places.environment(request, actor)
    rows = environment.filter(visibility.incidents(actor), "environment")
    rows, chosen = filtered(request, rows, status="status")
    page = page_of(request, rows)
    here = [incident.environment_id for incident in page.rows]
    resolvable = set(sight.environments(actor, Verb.RUN).filter(pk__in=here).values_list("pk", flat=True))
    context = {"page": page, "chosen": chosen, "environment": environment}
    context |= {"states": Incident.Status.values, "resolvable": resolvable}
    return render(request, "incidents/list.html", context)


def resolve_incident(request: HttpRequest, actor: Actor, incident_id: int) -> HttpResponse:
    """Say that the cause of an incident is gone."""
    incident = sight.one(visibility.incidents(actor), "incident", pk=incident_id)
    demand(actor, Verb.RUN, incident.environment.scopes, f"the incident in {incident.environment}")
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise Invalid(_("Resolving needs a reason."), cure=_("Say in a sentence what the cause was and why it is gone."))
    use_cases.resolve(actor, incident, reason)
    return door.go(request, reverse("incidents"))


def filtered(request: HttpRequest, rows: Any, **fields: str) -> tuple[Any, dict[str, str]]:
    """The rows that the filters in the address ask for, and those filters; nonsense filters nothing."""
    chosen = {name: text(request, name) for name in fields}
    for name, field in fields.items():
        if chosen[name]:
            rows = rows.filter(**{field: chosen[name]})
    return rows, chosen
