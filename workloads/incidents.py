"""Incidents: symptoms in an environment, from the first sign to the verified repair. The only writer of Incident.status.

An incident has a cause (workloads.grouping): while one of a cause is unresolved in an environment, no other is opened for it, and
one that comes back shortly after its end is the same one again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from controlplane.core import audit, live, queue, rights
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid
from controlplane.core.permissions import Verb
from controlplane.core.redaction import redact, redact_value
from workloads.grouping.causes import bounded
from workloads.models import Deployment, Environment, Incident
from workloads.models.notices import Kind
from workloads.notices import telling

SYSTEM = Actor.system("deploy graph")
TEND = "agents.tend_incident"  # begins looking after an incident, or ends it
Status, Opener = Incident.Status, Incident.Opener
UNRESOLVED = (Status.OPEN, Status.MITIGATED)
REOPEN_WITHIN = timedelta(minutes=30)  # what comes back so soon never went away
COMES_AND_GOES = "It comes and goes. What it does from now on is on its page; you are told once it stays away."


def open_for(deployment: Deployment, title: str, evidence: Mapping[str, Any], *, actor: Actor = SYSTEM) -> Incident:
    """The incident this deployment caused; asked twice, the first one."""
    with transaction.atomic():
        incident, made = Incident.objects.get_or_create(
            deployment=deployment,
            defaults={
                "environment": deployment.environment,
                "opener": Opener.DEPLOYMENT,
                "title": redact(title)[:300],
                "evidence": redact_value(dict(evidence)),
                "run_number": deployment.run_number,
                "opened_at": timezone.now(),
            },
        )
        if made:
            _opened(actor, incident, deployment=deployment.pk)
    return incident


def open_by(actor: Actor, environment: Environment, title: str, text: str = "") -> Incident:
    """The incident that a person saw. Whoever may run things there may open one; Raises Invalid without a title."""
    rights.demand(actor, Verb.RUN, environment.scopes, f"incidents in {environment}")
    said = " ".join(redact(title).split())[:300]
    if not said:
        raise Invalid("An incident needs a title.", cure="Say in a sentence what is wrong.")
    row = Incident(environment=environment, opener=Opener.PERSON, title=said, opened_at=timezone.now())
    row.evidence = {"summary": redact(text.strip())[:2_000]} if text.strip() else {}
    with transaction.atomic():
        row.save(force_insert=True)
        _opened(actor, row)
    return row


def open_for_alert(
    actor: Actor, environment: Environment, cause: str, title: str, evidence: Mapping[str, Any], *, about: str = ""
) -> Incident:
    """The unresolved incident of this cause here: opened, open again, or with newer evidence. For many at once: `alerts.take`."""
    return open_of(actor, draft(environment, Opener.ALERT, cause, title, evidence, about=about))


def draft(
    environment: Environment, opener: str, cause: str, title: str, evidence: Mapping[str, Any], *, about: str = ""
) -> Incident:
    """An incident that is not yet opened, with everything in it bounded and redacted."""
    return Incident(
        environment=environment,
        opener=opener,
        cause=bounded(redact(cause)),
        about=bounded(redact(about), 253),
        title=redact(title)[:300],
        evidence=redact_value(dict(evidence)),
        opened_at=timezone.now(),
    )


def open_of(actor: Actor, wanted: Incident) -> Incident:
    """The unresolved incident of the cause of this draft: it, or the one that is there, with the draft's evidence."""
    with transaction.atomic():
        known = lately(wanted.environment_id, [wanted.cause], timezone.now()).get(wanted.cause)
        if known is None:
            try:
                with transaction.atomic():
                    open_all(actor, [wanted])
                return wanted
            except IntegrityError:  # opened twice at once
                known = Incident.objects.get(environment=wanted.environment_id, cause=wanted.cause, status__in=UNRESOLVED)
        Incident.objects.filter(pk=known.pk).update(evidence=wanted.evidence)
        if known.status == Status.RESOLVED:
            reopen(actor, known)
        known.refresh_from_db()
        return known


def open_all(actor: Actor, drafts: Sequence[Incident]) -> None:
    """Open them: the rows in one statement, then each with its entry in the audit and its one notice."""
    Incident.objects.bulk_create(drafts)
    for incident in drafts:
        opened(actor, incident)


def opened(actor: Actor, incident: Incident) -> None:
    """Tell of one that was just written: its entry in the audit, its one notice, and the look that finds out what is wrong."""
    _opened(actor, incident, cause=incident.cause, alerts=incident.alert_count)


def lately(environment_id: int, causes: Sequence[str], now: datetime) -> dict[str, Incident]:
    """Of each cause its incident that is unresolved, or was until shortly before `now`."""
    rows = Incident.objects.filter(environment=environment_id, cause__in=causes).exclude(cause="")
    rows = rows.exclude(status=Status.RESOLVED, resolved_at__lt=now - REOPEN_WITHIN)
    found = {row.cause: row for row in rows.order_by("pk")}
    return found | {row.cause: row for row in rows.filter(status__in=UNRESOLVED)}


def reopen(actor: Actor, incident: Incident) -> bool:
    """What was over is back. People are told the first time; one that comes and goes would be told for ever."""
    with transaction.atomic():
        times = incident.reopened + 1
        changes = {"resolved_at": None, "tell_end_at": None, "reopened": times}
        if not Incident.objects.move(incident.pk, Status.RESOLVED, Status.OPEN, **changes):
            return False
        _tell(actor, "incident.reopen", incident)
        if times == 1:
            telling.of_incident(Kind.INCIDENT_OPENED, incident, COMES_AND_GOES)
        _look(incident)
    return True


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


def over(actor: Actor, incident: Incident, reason: str) -> bool:
    """Nothing of it is left to be seen; whether it was this call that resolved it. One that came back before is told of later."""
    now = timezone.now()
    later = now + REOPEN_WITHIN if incident.reopened else None
    with transaction.atomic():
        if not Incident.objects.move(incident.pk, UNRESOLVED, Status.RESOLVED, resolved_at=now, tell_end_at=later):
            return False
        if later is None:
            _resolved(actor, incident, reason)
        else:
            _tell(actor, "incident.resolve", incident, reason)
    return True


def tell_ends(now: datetime) -> int:
    """Tell people of those that came and went, and have stayed away since; how many."""
    due = Incident.objects.filter(status=Status.RESOLVED, tell_end_at__lte=now)
    told = 0
    for incident in due.select_related("environment__application"):
        with transaction.atomic():
            if due.filter(pk=incident.pk).update(tell_end_at=None):
                telling.of_incident(Kind.INCIDENT_RESOLVED, incident, f"It came back {incident.reopened} times before.")
                told += 1
    return told


def _opened(actor: Actor, incident: Incident, **by: int | str) -> None:
    audit.record(actor, "incident.open", incident, after={"title": incident.title, **by})
    telling.of_incident(Kind.INCIDENT_OPENED, incident)
    _look(incident)
    live.ring("overview", environment=incident.environment_id)


def _look(incident: Incident) -> None:
    """Have it looked after: what is wrong, and what would mend it."""
    queue.enqueue(TEND, incident.pk)


def _resolved(actor: Actor, incident: Incident, reason: str) -> None:
    _tell(actor, "incident.resolve", incident, reason)
    telling.of_incident(Kind.INCIDENT_RESOLVED, incident, reason)


def _tell(actor: Actor, action: str, incident: Incident, reason: str = "") -> None:
    incident.refresh_from_db()
    audit.record(actor, action, incident, after={"status": incident.status}, reason=reason)
    live.ring(f"incident-{incident.pk}", incident=incident.pk)
    if incident.status == Status.RESOLVED:
        queue.enqueue(TEND, incident.pk)  # whoever looks after it may stop
    live.ring("overview", environment=incident.environment_id)
