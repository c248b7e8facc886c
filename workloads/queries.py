"""Reads for pages and API. The person comes first; rights are part of the query; the number of queries is constant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.db.models.functions import TruncMinute
from django.utils import timezone

from controlplane.core import rights
from controlplane.core.actors import Actor
from controlplane.core.errors import NotFound
from controlplane.core.models import User
from controlplane.core.permissions import Reach, Verb
from workloads import admission, previews, rollback, timetables, visibility
from workloads.changes import approvals, excepting
from workloads.models import Application, Approval, Change, Deployment, Environment, Finding, Incident, Release, Report, Sample
from workloads.verdicts import Verdict

HEALTH = timedelta(minutes=30)
Decision = Approval.Decision
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class HealthPoint:
    """One minute of an environment as its address saw it. None is no data, never zero."""

    at: datetime
    requests: int | None
    errors: int | None
    latency_p99_ms: float | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One environment of the overview."""

    environment: Environment
    current: Deployment | None
    verdict: Verdict
    waiting: int
    incidents: int
    health: tuple[HealthPoint, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One application of the overview with its environments."""

    application: Application
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A Change that waits, and whether this person may approve it; `why_not` is empty if so."""

    change: Change
    why_not: str
    approvals: int

    @property
    def may_decide(self) -> bool:
        """Whether the person may approve it."""
        return not self.why_not


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A Change that is approved and begins later: when, if that is known, and what keeps it."""

    change: Change
    begins_at: datetime | None
    kept: admission.Kept | None


@dataclass(frozen=True, slots=True)
class ChangeDetail:
    """A Change as its page shows it. `why_not` says for each decision why this person may not take it; empty if they may."""

    change: Change
    preview: dict[str, Any]
    decisions: tuple[Approval, ...]
    why_not: dict[str, str]
    deciders: tuple[User, ...]
    missing: int
    deployment: Deployment | None
    may_schedule: bool
    kept: admission.Kept | None
    begins_at: datetime | None
    why_no_exception: str


@dataclass(frozen=True, slots=True)
class EnvironmentDetail:
    """An environment as its page shows it; secret variables come by name only."""

    environment: Environment
    current: Deployment | None
    variables: tuple[dict[str, Any], ...]
    waiting: tuple[Change, ...]
    incidents: tuple[Incident, ...]
    health: tuple[HealthPoint, ...]
    rollback: rollback.Plan
    may: frozenset[str]


def applications_for(actor: Actor) -> QuerySet[Application]:
    """The applications the actor may see."""
    return visibility.applications(actor)


def application_for(actor: Actor, name: str) -> Application:
    """The application of this name, or NotFound (also when the actor may not see it)."""
    found = visibility.applications(actor).filter(name=name).first()
    return _found(found, f"There is no application '{name}', or you may not see it.")


def environments_for(actor: Actor) -> QuerySet[Environment]:
    """The environments the actor may see, with their applications."""
    return visibility.environments(actor)


def environment_for(actor: Actor, application: str, name: str) -> Environment:
    """The environment of this name, or NotFound (also when the actor may not see it)."""
    found = visibility.environments(actor).filter(application__name=application, name=name).first()
    return _found(found, f"There is no environment '{application}/{name}', or you may not see it.")


def variables_for(actor: Actor, application: str, name: str) -> list[dict[str, Any]]:
    """The variables of an environment, those that are secret by name only; or NotFound."""
    return [_variable(row) for row in environment_for(actor, application, name).variables.all()]


def releases_for(actor: Actor) -> QuerySet[Release]:
    """The releases of the applications the actor may see, newest first."""
    return visibility.releases(actor)


def release_for(actor: Actor, application: str, number: int) -> Release:
    """The release of this number of the application, or NotFound (also when the actor may not see it)."""
    found = visibility.releases(actor).filter(application__name=application, pk=number).first()
    return _found(found, f"There is no release {number} of '{application}', or you may not see it.")


def reports_for(actor: Actor) -> QuerySet[Report]:
    """The reports on the applications the actor may see, newest first."""
    return visibility.reports(actor)


def overview(actor: Actor, now: datetime | None = None) -> list[Row]:
    """Applications by environments: what is live, how good, since when, what waits, how it feels."""
    environments = list(visibility.environments(actor))
    ids = [environment.pk for environment in environments]
    current, health = _current(ids), _health(ids, now or timezone.now())
    waiting = _count(Change.objects.filter(status=Change.Status.WAITING), ids)
    incidents = _count(Incident.objects.exclude(status=Incident.Status.RESOLVED), ids)
    cells = defaultdict(list)
    for environment in environments:
        pk = environment.pk
        deployment = current.get(pk)
        verdict = Verdict(deployment.verdict) if deployment else Verdict.NO_DATA
        cells[environment.application_id].append(
            Cell(environment, deployment, verdict, waiting.get(pk, 0), incidents.get(pk, 0), tuple(health.get(pk, ())))
        )
    return [Row(application, tuple(cells.get(application.pk, ()))) for application in visibility.applications(actor)]


def inbox_for(actor: Actor) -> list[Waiting]:
    """What waits for a decision: first what this person may decide, the soonest to expire first."""
    standing = approvals.standing(actor)
    rows = _undecided(actor).prefetch_related("proposers", "approvals").order_by("expires_at", "pk")
    waiting = [Waiting(change, _why_not(standing, change, Decision.APPROVE), len(_approving(change))) for change in rows]
    return sorted(waiting, key=lambda item: not item.may_decide)


def inbox_count(actor: Actor) -> int:
    """How many changes wait for this person."""
    standing = approvals.standing(actor)
    if standing.approve == Reach():
        return 0
    rows = _undecided(actor).defer("preview", "result", "reasons").prefetch_related("proposers")
    rows = rows.exclude(approvals__person=actor.user_id)
    return sum(not approvals.why_not(standing, change, Decision.APPROVE) for change in rows)


def _undecided(actor: Actor) -> QuerySet[Change]:
    return visibility.changes(actor).filter(status=Change.Status.WAITING, expires_at__gt=timezone.now())


def scheduled_for(actor: Actor) -> QuerySet[Change]:
    """What is approved and begins later, for its moment or its environment, where the actor may see it."""
    later = Q(not_before__gt=timezone.now()) | Q(look_again_at__isnull=False)
    return visibility.changes(actor).filter(later, status=Change.Status.APPROVED).order_by("not_before", "pk")


def scheduled(actor: Actor, now: datetime) -> list[Scheduled]:
    """The same with why each waits and when it begins, the soonest first."""
    rows = list(scheduled_for(actor).prefetch_related(*admission.READ).select_related("excepted_by"))
    tables = timetables.timetables([change.environment for change in rows], now) if rows else {}
    found = [_scheduled(change, now, tables[change.environment_id]) for change in rows]
    return sorted(found, key=lambda one: (one.begins_at is None, one.begins_at or now, one.change.pk))


def _scheduled(change: Change, now: datetime, table: timetables.Timetable) -> Scheduled:
    kept = admission.keeping(change, now, table)
    return Scheduled(change, admission.begins_at(change, now, table), kept)


def changes_for(actor: Actor) -> QuerySet[Change]:
    """The changes the actor may see, newest first."""
    return visibility.changes(actor)


def change_for(actor: Actor, change_id: int) -> ChangeDetail:
    """One Change with everything its page shows, or NotFound."""
    rows = visibility.changes(actor).prefetch_related("proposers", "approvals__person", "actions")
    change = _found(rows.filter(pk=change_id).first(), f"There is no change {change_id}, or you may not see it.")
    standing, now = approvals.standing(actor), timezone.now()
    not_begun = change.status in (Change.Status.WAITING, Change.Status.APPROVED)
    return ChangeDetail(
        change=change,
        preview=previews.parse(change.preview),
        decisions=tuple(change.approvals.all()),
        why_not={decision: _why_not(standing, change, decision) for decision in Decision.values},
        deciders=tuple(approvals.deciders(change)),
        missing=max(0, change.quorum - len(_approving(change))) if change.status == Change.Status.WAITING else 0,
        deployment=Deployment.objects.select_related("release__application").filter(change=change).first(),
        may_schedule=not approvals.out_of_reach(standing, change, Decision.APPROVE),
        kept=admission.keeping(change, now) if not_begun else None,
        begins_at=admission.begins_at(change, now) if not_begun else None,
        why_no_exception=excepting.why_not(standing, change),
    )


def deployments_for(actor: Actor, environment: Environment | None = None) -> QuerySet[Deployment]:
    """The history of deployments the actor may see, newest first."""
    found = visibility.deployments(actor)
    return found if environment is None else found.filter(environment=environment)


def incidents_for(actor: Actor) -> QuerySet[Incident]:
    """The incidents the actor may see, newest first."""
    return visibility.incidents(actor)


def findings_for(actor: Actor, *, run_number: int | None = None) -> QuerySet[Finding]:
    """The findings the actor may see, newest first; of one run, those that were seen in it."""
    found = visibility.findings(actor)
    return found if run_number is None else found.filter(sightings__run_number=run_number)


def environment_detail(actor: Actor, application: str, name: str, now: datetime | None = None) -> EnvironmentDetail:
    """One environment with everything its page shows, or NotFound."""
    environment = environment_for(actor, application, name)
    pk = environment.pk
    return EnvironmentDetail(
        environment=environment,
        current=_current([pk]).get(pk),
        variables=tuple(_variable(row) for row in environment.variables.all()),
        waiting=tuple(visibility.changes(actor).filter(environment=pk, status=Change.Status.WAITING)),
        incidents=tuple(visibility.incidents(actor).filter(environment=pk).exclude(status=Incident.Status.RESOLVED)),
        health=tuple(_health([pk], now or timezone.now()).get(pk, ())),
        rollback=rollback.plan(environment),
        may=frozenset(verb.value for verb in Verb if rights.may(actor, verb, environment.scopes)),
    )


def _found(row: T | None, message: str) -> T:
    if row is None:
        raise NotFound(message)
    return row


def _current(environments: Iterable[int]) -> dict[int, Deployment]:
    """Where traffic goes, by environment: one being verified before the live one."""
    shown = Deployment.objects.filter(
        environment__in=environments, status__in=[Deployment.Status.VERIFYING, Deployment.Status.LIVE]
    ).select_related("release__application")
    return {row.environment_id: row for row in sorted(shown, key=lambda row: row.status == Deployment.Status.VERIFYING)}


def _count(rows: QuerySet[Any], environments: list[int]) -> dict[int, int]:
    counted = rows.filter(environment__in=environments).order_by().values("environment").annotate(number=Count("pk"))
    return {row["environment"]: row["number"] for row in counted}


def _health(environments: list[int], now: datetime) -> dict[int, list[HealthPoint]]:
    """The last half hour by minute, as the web processes' addresses saw it."""
    minutes = (
        Sample.objects.filter(instance__environment__in=environments, process="web", at__gt=now - HEALTH, at__lte=now)
        .annotate(minute=TruncMinute("at"))
        .values("instance__environment", "minute")
        .annotate(answered=Sum("requests"), failed=Sum("errors"), slowest=Max("latency_p99_ms"))
        .order_by("minute")
    )
    found: dict[int, list[HealthPoint]] = defaultdict(list)
    for row in minutes:
        found[row["instance__environment"]].append(HealthPoint(row["minute"], row["answered"], row["failed"], row["slowest"]))
    return found


def _why_not(standing: approvals.Standing, change: Change, decision: str) -> str:
    if change.status != Change.Status.WAITING:
        return f"This change is {change.get_status_display().lower()}; it waits for nobody."
    if any(
        taken.person_id is not None and taken.person_id == getattr(standing.person, "pk", None) for taken in change.approvals.all()
    ):
        return "You have decided it already."
    return approvals.why_not(standing, change, decision)


def _approving(change: Change) -> set[int | None]:
    return {taken.person_id for taken in change.approvals.all() if taken.decision == Decision.APPROVE}


def _variable(row: Any) -> dict[str, Any]:
    return {"name": row.name, "secret": row.secret, "value": None if row.secret else row.value, "updated_at": row.updated_at}
