"""Diagnoses of what runs: asked for, made from a Snapshot that is taken for them, and kept. The only writer of Diagnosis.status."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from controlplane.core import audit, live, queue, rights
from controlplane.core.actors import Actor, ActorKind
from controlplane.core.errors import TimonelError
from controlplane.core.permissions import Verb
from controlplane.core.redaction import redact_value
from workloads import applied, diagnosing, pictures, visibility
from workloads.diagnosis import answers
from workloads.models import Deployment, Diagnosis, Environment, Incident, Snapshot
from workloads.snapshots import taking
from workloads.snapshots.collecting import Say
from workloads.snapshots.limits import Limits
from workloads.snapshots.taking import Scope

BY = Actor.system("diagnosis")
Status = Diagnosis.Status
LOST_AFTER = timedelta(minutes=10)  # longer than one may take
STALE_AFTER = timedelta(minutes=10)  # what was seen before is not how it stands
IN_PASSING = Limits(seconds=90.0)  # nobody stands by and watches
KEPT = ("hypotheses", "symptoms", "missing", "problems")


def ask(actor: Actor, environment: Environment, *, incident: Incident | None = None) -> Diagnosis:
    """A diagnosis of what runs there now; one that waits or is being made is joined.

    Raises Refused, or Invalid for an environment that is not on a cluster.
    """
    if actor.kind is not ActorKind.SYSTEM:
        rights.demand(actor, Verb.RUN, environment.scopes, f"a diagnosis of {environment}")
    taking.scope_of(environment)
    try:
        with transaction.atomic():
            row = Diagnosis.objects.create(
                environment=environment, incident=incident, asked_by=actor.label[:200], asked_at=timezone.now()
            )
            audit.record(actor, "diagnosis.ask", row, after={"environment": str(environment)})
            queue.enqueue("workloads.diagnose", row.pk)
            _ring(row)
    except IntegrityError:
        found = Diagnosis.objects.filter(environment=environment, status__in=Diagnosis.OPEN).first()
        if found is None:
            return ask(actor, environment, incident=incident)
        if incident is not None and found.incident_id is None:
            Diagnosis.objects.filter(pk=found.pk).update(incident=incident)
        return found
    return row


def ask_for_incident(incident_id: int) -> Diagnosis | None:
    """The one of an incident that was opened; told twice, the first one. None where nothing can be looked at."""
    incident = Incident.objects.select_related("environment__application").filter(pk=incident_id).first()
    known = Diagnosis.objects.filter(incident=incident_id).order_by("pk").first()
    if incident is None or known is not None or not _on_a_cluster(incident.environment):
        return known
    return ask(BY, incident.environment, incident=incident)


def ask_for_deployment(deployment_id: int) -> Diagnosis | None:
    """The one of a deployment that failed: that of its incident where it has one. None where nothing can be looked at."""
    found = Deployment.objects.select_related("environment__application", "incident").filter(pk=deployment_id).first()
    if found is None or not _on_a_cluster(found.environment):
        return None
    incident = Incident.objects.filter(deployment=found).first()
    return ask_for_incident(incident.pk) if incident else ask(BY, found.environment)


def make_waiting() -> int:
    """Make whatever waits, the oldest first; those that a lost worker began are given up. How many were made."""
    give_up_lost(timezone.now())
    made = 0
    while (row := Diagnosis.objects.filter(status=Status.WAITING).order_by("pk").first()) is not None:
        made += make(row.pk)
    return made


def fresh(environment: Environment, since: datetime) -> Diagnosis | None:
    """The newest one that is done, and was made of what stood there after that moment and not long ago."""
    rows = Diagnosis.objects.filter(
        environment=environment, status=Status.DONE, begun_at__gte=max(since, timezone.now() - STALE_AFTER)
    )
    return rows.select_related("snapshot").order_by("-pk").first()


def take_over(diagnosis: Diagnosis, maker: str) -> bool:
    """Begin anew what a former worker of this maker began; whether there was such a one."""
    return bool(Diagnosis.objects.filter(maker=maker).move(diagnosis.pk, Status.WORKING, Status.WAITING, begun_at=None))


def make(diagnosis_id: int, maker: str = "") -> bool:
    """Take the Snapshot and conclude from it; whether it was this call that did. What keeps it from being made is kept with it.

    A run that makes it itself says so as `maker`, so that whoever takes the run over can begin it anew.
    """
    if not Diagnosis.objects.move(diagnosis_id, Status.WAITING, Status.WORKING, begun_at=timezone.now(), maker=maker):
        return False
    row = Diagnosis.objects.select_related("environment__application", "incident").get(pk=diagnosis_id)
    _ring(row)
    try:
        if row.environment is None:
            raise TimonelError("What it was asked for is gone.")
        symptom = row.incident.title if row.incident else ""
        snapshot, found = _look(BY, taking.scope_of(row.environment), symptom=symptom, limits=IN_PASSING)
        _end(row, Status.DONE, snapshot=snapshot, **_kept(found, row.environment))
    except Exception as error:  # recorded, so that whoever waits learns of it
        known = isinstance(error, TimonelError)
        _end(row, Status.FAILED, trouble=(str(error) if known else "Timonel failed; its log says why.")[:500])
        if not known:
            raise
    return True


def live_one(
    actor: Actor, scope: Scope, *, symptom: str = "", say: Say = lambda _: None, limits: Limits | None = None
) -> tuple[Diagnosis, answers.Diagnosis]:
    """Look and conclude at once, while the caller waits: the row that is kept, and the whole answer.

    Raises Refused, or what keeps the cluster from being asked.
    """
    asked = timezone.now()
    snapshot, found = _look(actor, scope, symptom=symptom, say=say, limits=limits)
    with transaction.atomic():
        row = Diagnosis.objects.create(
            environment=scope.environment,
            snapshot=snapshot,
            status=Status.DONE,
            asked_by=actor.label[:200],
            asked_at=asked,
            begun_at=asked,
            finished_at=timezone.now(),
            **_kept(found, scope.environment),
        )
        audit.record(actor, "diagnosis.make", row, after={"verdict": row.verdict, "snapshot": snapshot.pk})
        _ring(row)
    return row, found


def visible(actor: Actor) -> models.QuerySet[Diagnosis]:
    """The diagnoses of what the actor may see, newest first; those of whole clusters are for who administers everything."""
    rows = Diagnosis.objects.select_related("environment__application", "snapshot", "incident")
    return rows.filter(visibility.within_reach_with_clusters(actor))


def give_up_lost(now: datetime) -> int:
    """Say of those that were begun long ago that they failed; how many."""
    lost = Diagnosis.objects.filter(status=Status.WORKING, begun_at__lt=now - LOST_AFTER)
    found = [_end(row, Status.FAILED, trouble="The worker that made it was lost. Ask for another one.") for row in lost]
    return sum(found)


def _look(actor: Actor, scope: Scope, **how: Any) -> tuple[Snapshot, answers.Diagnosis]:
    rendered = applied.manifests_of(scope.environment) if scope.environment else ()
    snapshot = taking.keep(actor, scope, rendered=rendered, **how)
    return snapshot, diagnosing.diagnose_folder(taking.path_of(snapshot))


def _kept(found: answers.Diagnosis, environment: Environment | None) -> dict[str, Any]:
    """As a row keeps it: without findings, which are kept as such, and without anything that is secret here."""
    secrets = pictures.secrets_of(environment) if environment else frozenset()
    told = redact_value(found.as_json(), secrets)
    return {"verdict": str(found.standing), "summary": told["summary"], **{name: told[name] for name in KEPT}}


def _end(row: Diagnosis, status: str, **found: Any) -> bool:
    with transaction.atomic():
        if not Diagnosis.objects.move(row.pk, Status.WORKING, status, finished_at=timezone.now(), **found):
            return False
        row.refresh_from_db()
        audit.record(BY, f"diagnosis.{status}", row, after={"verdict": row.verdict, "trouble": row.trouble})
        _ring(row)
    return True


def _on_a_cluster(environment: Environment) -> bool:
    return environment.driver == Environment.Driver.KUBERNETES and hasattr(environment, "target")


def _ring(row: Diagnosis) -> None:
    if row.environment_id is not None:
        live.ring(f"environment-{row.environment_id}", environment=row.environment_id)
