"""Plain lists: deployments, findings, incidents, specialists."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from agents.models import AgentProfile
from agents.specialists import registry
from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid
from controlplane.core.permissions import Verb
from controlplane.core.rights import demand
from controlplane.dashboard import door, sight
from controlplane.dashboard.paging import number, page_of
from workloads import incidents as use_cases
from workloads import visibility
from workloads.models import Deployment, Finding, Incident


def deployments(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every attempt to make a release live, newest first."""
    rows = visibility.deployments(actor)
    rows, chosen = _filtered(request, rows, environment="environment", status="status", kind="kind")
    context = {"page": page_of(request, rows), "chosen": chosen, "environments": sight.environments(actor)}
    context |= {"states": Deployment.Status.values, "kinds": Deployment.Kind.values}
    return render(request, "deployments/list.html", context)


def findings(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Facts that tools reported, newest first."""
    rows = visibility.findings(actor)
    rows, chosen = _filtered(request, rows, application="application", severity="severity", tool="tool")
    if request.GET.get("suppressed") != "yes":
        rows = rows.exclude(suppressed_until__gt=timezone.now())
    context = {"page": page_of(request, rows), "chosen": chosen, "applications": visibility.applications(actor)}
    context |= {"severities": list(reversed(Finding.Severity.values)), "tools": _tools(actor)}
    return render(request, "findings/list.html", context)


def incidents(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Symptoms from alert to repair, newest first."""
    rows = visibility.incidents(actor)
    rows, chosen = _filtered(request, rows, environment="environment", status="status")
    resolvable = set(sight.environments(actor, Verb.RUN).values_list("pk", flat=True))
    context = {"page": page_of(request, rows), "chosen": chosen, "environments": sight.environments(actor)}
    context |= {"states": Incident.Status.values, "resolvable": resolvable}
    return render(request, "incidents/list.html", context)


@require_POST
def resolve_incident(request: HttpRequest, actor: Actor, incident_id: int) -> HttpResponse:
    """Say that the cause of an incident is gone."""
    incident = sight.one(visibility.incidents(actor), "incident", pk=incident_id)
    demand(actor, Verb.RUN, incident.environment.scopes, f"the incident in {incident.environment}")
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise Invalid(_("Resolving needs a reason."), cure=_("Say in a sentence what the cause was and why it is gone."))
    use_cases.resolve(actor, incident, reason)
    return door.go(request, reverse("incidents"))


def specialists(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Who the specialists are, what they may use, how they are configured."""
    profiles = {profile.name: profile for profile in AgentProfile.objects.all()}
    found = [(specialist, profiles.get(name)) for name, specialist in sorted(registry().items())]
    return render(request, "specialists/list.html", {"specialists": found})


def _filtered(request: HttpRequest, rows: Any, **fields: str) -> tuple[Any, dict[str, str]]:
    """The rows that the filters in the address ask for, and those filters; nonsense filters nothing."""
    chosen = {name: request.GET.get(name, "")[:200] for name in fields}
    for name, field in fields.items():
        value: Any = chosen[name]
        if rows.model._meta.get_field(field).is_relation:
            value = number(value)
        if value:
            rows = rows.filter(**{field: value})
    return rows, chosen


def _tools(actor: Actor) -> list[str]:
    return sorted(visibility.findings(actor).order_by().values_list("tool", flat=True).distinct())
