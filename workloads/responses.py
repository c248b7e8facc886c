"""Responses to incidents: who looks after one, what a person chose to be done, and that it needs a person."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from controlplane.core import audit, live, queue, rights
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, NotFound
from controlplane.core.permissions import Verb
from controlplane.core.redaction import redact
from workloads import changes, examinations, incidents
from workloads.models import Change, Incident
from workloads.models.notices import Kind
from workloads.notices import telling

NOT_BEGUN = (Change.Status.WAITING, Change.Status.APPROVED)


def answered_by(actor: Actor, incident: Incident, run_number: int) -> None:
    """This run looks after it from now on."""
    with transaction.atomic():
        Incident.objects.filter(pk=incident.pk).update(response=run_number)
        audit.record(actor, "incident.respond", incident, after={"run": run_number})
        examinations.ring(incident.pk)
    incident.response = run_number


def choose(actor: Actor, incident: Incident, key: str, *, reviewed: bool = False) -> Incident:
    """Have this remedy proposed instead of the best: what waits is withdrawn, and whoever looks after the incident goes on.

    `reviewed`: by a pull request.

    Raises NotFound for a remedy that is not offered, Conflict where it cannot be done or the incident is resolved, Refused
    where the actor may not run things there.
    """
    rights.demand(actor, Verb.RUN, incident.environment.scopes, f"the incident in {incident.environment}")
    with transaction.atomic():
        held = Incident.objects.select_for_update(of=("self",)).select_related("environment__application").get(pk=incident.pk)
        remedy = _offered(held, key)
        chosen = {
            "key": key,
            "by": actor.label[:200],
            "by_id": actor.user_id,
            "at": timezone.now().isoformat(),
            "reviewed": reviewed,
        }
        Incident.objects.filter(pk=held.pk).update(chosen=chosen)
        audit.record(actor, "incident.choose", held, after={"remedy": remedy["summary"]}, reason=remedy["summary"])
        _withdraw(actor, held, f"{actor.label} chose another remedy: {remedy['summary']}")
        queue.enqueue(incidents.TEND, held.pk)
        examinations.ring(held.pk)
    incident.refresh_from_db()
    return incident


def forget_choice(incident: Incident) -> None:
    """What was chosen is proposed."""
    Incident.objects.filter(pk=incident.pk).update(chosen=None)


def withdraw(actor: Actor, incident: Incident, reason: str) -> int:
    """Withdraw what was proposed for it and not begun; how many."""
    with transaction.atomic():
        return _withdraw(actor, incident, reason)


def escalate(actor: Actor, incident_id: int, because: str) -> None:
    """It needs a person, for this reason: marked, audited, and people are told. Said again, nothing happens."""
    with transaction.atomic():
        incident = Incident.objects.select_for_update(of=("self",)).select_related("environment__application").get(pk=incident_id)
        because = redact(because)
        same = incident.escalated_at is not None and incident.escalated_because == because
        if same or incident.status == Incident.Status.RESOLVED:
            return
        Incident.objects.filter(pk=incident.pk).update(escalated_at=timezone.now(), escalated_because=because)
        audit.record(actor, "incident.escalate", incident, after={"status": incident.status}, reason=because)
        telling.of_incident(Kind.INCIDENT_ESCALATED, incident, because)
        examinations.ring(incident.pk)
        live.ring("overview", environment=incident.environment_id)


def _offered(incident: Incident, key: str) -> dict[str, Any]:
    if incident.status == Incident.Status.RESOLVED:
        raise Conflict("This incident is resolved: nothing is to be mended.", cure="Open another one if it is back.")
    examination = examinations.newest(incident)
    found: dict[str, Any] | None = next(
        (one for one in (examination.remedies if examination else []) if one.get("key") == key), None
    )
    if found is None:
        raise NotFound("This remedy is not offered any more.", cure="Look at the incident again.")
    if found.get("why_not"):
        raise Conflict(f"This cannot be done: {found['why_not']}")
    return found


def _withdraw(actor: Actor, incident: Incident, reason: str) -> int:
    if incident.response is None:
        return 0
    rows = Change.objects.filter(run_number=incident.response, status__in=NOT_BEGUN)
    numbers = list(rows.values_list("pk", flat=True))
    for number in numbers:
        changes.cancel(actor, number, reason)
    return len(numbers)
