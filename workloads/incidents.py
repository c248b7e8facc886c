"""Incidents: symptoms in an environment, from the first sign to the verified repair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from controlplane.core import audit, live, queue
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid
from controlplane.core.redaction import redact, redact_value
from workloads.models import Deployment, Environment, Incident
from workloads.models.notices import Kind
from workloads.notices import telling

SYSTEM = Actor.system("deploy graph")
TEND = "agents.tend_incident"  # begins looking after an incident, or ends it
Status = Incident.Status
UNRESOLVED = (Status.OPEN, Status.MITIGATED)


def open_for(deployment: Deployment, title: str, evidence: Mapping[str, Any], *, actor: Actor = SYSTEM) -> Incident:
    """The incident this deployment caused; asked twice, the first one."""
    with transaction.atomic():
        incident, made = Incident.objects.get_or_create(
            deployment=deployment,
            defaults={
                "environment": deployment.environment,
                "title": redact(title)[:300],
                "evidence": redact_value(dict(evidence)),
                "run_number": deployment.run_number,
                "opened_at": timezone.now(),
            },
        )
        if made:
            _opened(actor, incident, deployment=deployment.pk)
    return incident


def open_for_alert(actor: Actor, environment: Environment, alert: str, title: str, evidence: Mapping[str, Any]) -> Incident:
    """The unresolved incident of this alert (its name with its sender) here, opened or with newer evidence."""
    with transaction.atomic():
        Environment.objects.select_for_update(no_key=True, of=("self",)).get(pk=environment.pk)  # one alert, told twice at once
        known = Incident.objects.filter(environment=environment, alert=alert, status__in=UNRESOLVED).first()
        if known is not None:
            Incident.objects.filter(pk=known.pk).update(evidence=redact_value(dict(evidence)))
            return known
        incident = Incident.objects.create(
            environment=environment,
            alert=alert,
            title=redact(title)[:300],
            evidence=redact_value(dict(evidence)),
            opened_at=timezone.now(),
        )
        _opened(actor, incident, alert=alert)
    return incident


def open_seen(actor: Actor, environment: Environment, title: str, seen: str = "") -> Incident:
    """The incident that somebody saw and said: only a person resolves it, or its verified repair."""
    title = " ".join(title.split())
    if not title:
        raise Invalid("An incident needs a title.", cure="Say in a few words what is wrong.")
    with transaction.atomic():
        incident = Incident.objects.create(
            environment=environment,
            title=redact(title)[:300],
            evidence={"summary": redact(seen.strip()), "opened by": actor.label} if seen.strip() else {"opened by": actor.label},
            opened_at=timezone.now(),
        )
        _opened(actor, incident, by=actor.label)
    return incident


def resolve_alert(actor: Actor, environment: Environment, alert: str, reason: str) -> Incident | None:
    """The alert is over, and so is the incident that it opened; never one that a person or a deployment opened."""
    with transaction.atomic():
        known = Incident.objects.filter(environment=environment, alert=alert, status__in=UNRESOLVED).first() if alert else None
        if known is None or not Incident.objects.move(known.pk, UNRESOLVED, Status.RESOLVED, resolved_at=timezone.now()):
            return None
        _resolved(actor, known, reason)
    return known


def mitigate(actor: Actor, incident: Incident) -> None:
    """People are served again; the cause is still there."""
    with transaction.atomic():
        if Incident.objects.move(incident.pk, Status.OPEN, Status.MITIGATED):
            _tell(actor, "incident.mitigate", incident)


def resolve(actor: Actor, incident: Incident, reason: str) -> None:
    """The cause is gone, as `reason` says."""
    with transaction.atomic():
        if not Incident.objects.move(incident.pk, UNRESOLVED, Status.RESOLVED, resolved_at=timezone.now()):
            raise Conflict("This incident is resolved already.")
        _resolved(actor, incident, reason)


def _opened(actor: Actor, incident: Incident, **by: int | str) -> None:
    audit.record(actor, "incident.open", incident, after={"title": incident.title, **by})
    telling.of_incident(Kind.INCIDENT_OPENED, incident)
    queue.enqueue(TEND, incident.pk)
    live.ring("overview", environment=incident.environment_id)


def _resolved(actor: Actor, incident: Incident, reason: str) -> None:
    _tell(actor, "incident.resolve", incident, reason)
    telling.of_incident(Kind.INCIDENT_RESOLVED, incident, reason)
    queue.enqueue(TEND, incident.pk)


def _tell(actor: Actor, action: str, incident: Incident, reason: str = "") -> None:
    incident.refresh_from_db()
    audit.record(actor, action, incident, after={"status": incident.status}, reason=reason)
    live.ring(f"incident-{incident.pk}", incident=incident.pk)
    live.ring("overview", environment=incident.environment_id)
