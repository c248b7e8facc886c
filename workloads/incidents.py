"""Incidents: symptoms in an environment, from the first sign to the verified repair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from controlplane.core import audit, live
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict
from controlplane.core.redaction import redact, redact_value
from workloads.models import Deployment, Incident
from workloads.models.notices import Kind
from workloads.notices import telling

SYSTEM = Actor.system("deploy graph")
Status = Incident.Status


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
            audit.record(actor, "incident.open", incident, after={"title": incident.title, "deployment": deployment.pk})
            telling.of_incident(Kind.INCIDENT_OPENED, incident)
            live.ring("overview", environment=deployment.environment_id)
    return incident


def mitigate(actor: Actor, incident: Incident) -> None:
    """People are served again; the cause is still there."""
    with transaction.atomic():
        if Incident.objects.move(incident.pk, Status.OPEN, Status.MITIGATED):
            _tell(actor, "incident.mitigate", incident)


def resolve(actor: Actor, incident: Incident, reason: str) -> None:
    """The cause is gone, as `reason` says."""
    with transaction.atomic():
        if not Incident.objects.move(incident.pk, [Status.OPEN, Status.MITIGATED], Status.RESOLVED, resolved_at=timezone.now()):
            raise Conflict("This incident is resolved already.")
        _tell(actor, "incident.resolve", incident, reason)
        telling.of_incident(Kind.INCIDENT_RESOLVED, incident, reason)


def _tell(actor: Actor, action: str, incident: Incident, reason: str = "") -> None:
    incident.refresh_from_db()
    audit.record(actor, action, incident, after={"status": incident.status}, reason=reason)
    live.ring("overview", environment=incident.environment_id)
