"""The overview: applications by environments, each cell with what is live and what waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncMinute

from agents import queries
from agents.models import Run
from controlplane.core.actors import Actor
from controlplane.dashboard.drawing import spark
from controlplane.dashboard.reads import standing
from workloads import visibility
from workloads.models import Application, Deployment, Environment, Instance, Sample, Target

MINUTES, LATEST = 30, 8
TIERS = [Environment.Tier.LOCAL, Environment.Tier.STAGING, Environment.Tier.PRODUCTION]


@dataclass(frozen=True, slots=True)
class Cell:
    """One environment: what is live, how it is, what waits or runs."""

    environment: Environment
    live: Deployment | None
    latest: Deployment | None
    run: Run | None
    instance: Instance | None
    bars: tuple[spark.Bar, ...]

    @property
    def state(self) -> str:
        """The worst thing that is true of it, as a word of the vocabulary."""
        if self.instance and self.instance.status == Instance.Status.CRASHING:
            return "crashing"
        if self.latest and self.latest.status in (Deployment.Status.ROLLED_BACK, Deployment.Status.FAILED):
            return self.latest.status
        return self.live.verdict if self.live else "not_evaluated"

    @property
    def incident(self) -> bool:
        """Whether an incident is open."""
        return bool(self.environment.incident)  # type: ignore[attr-defined]  # annotated by standing, as the next ones

    @property
    def waiting(self) -> bool:
        """Whether a change waits for a decision."""
        return bool(self.environment.waiting)  # type: ignore[attr-defined]

    @property
    def stopped(self) -> bool:
        """Whether nothing begins here."""
        return bool(self.environment.stopped)  # type: ignore[attr-defined]

    @property
    def locked(self) -> bool:
        """Whether somebody has it for themselves."""
        return bool(self.environment.locked)  # type: ignore[attr-defined]

    @property
    def drifted(self) -> bool:
        """Whether a cluster is no longer as it was told."""
        return bool(self.environment.drifted)  # type: ignore[attr-defined]

    @property
    def place(self) -> Target | None:
        """Where on a cluster it runs; None for what runs on this machine."""
        return getattr(self.environment, "target", None) if self.environment.driver == Environment.Driver.KUBERNETES else None

    @property
    def bad(self) -> bool:
        """Whether the eye should find it."""
        return bool(self.environment.trouble)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Matrix:
    """A part of the table: column heads, and a row of cells (or None) for each application."""

    columns: Sequence[str]
    rows: Sequence[tuple[Application, Sequence[Cell | None]]]


def applications(actor: Actor, environments: QuerySet[Environment], name: str, show: str) -> QuerySet[Application]:
    """The applications whose name contains this, and of which an environment stands so (a word of `standing.SHOWN`)."""
    found = visibility.applications(actor)
    if name:
        found = found.filter(name__icontains=name)
    if show in standing.SHOWN:
        found = found.filter(pk__in=environments.filter(**{show: True}).values("application"))
    return found


def matrix(shown: Sequence[Application], environments: QuerySet[Environment], runs: Sequence[Run], now: datetime) -> Matrix:
    """The environments of these applications; `runs` hold those of them that are under way."""
    related = environments.select_related("routed_instance", "active_instance", "target__cluster")
    found = list(standing.with_deployments(related))
    by_place = {(cell.environment.application_id, cell.environment.name): cell for cell in _cells(found, runs, now)}
    names = list(dict.fromkeys(name for _, name in sorted({(TIERS.index(e.tier), e.name) for e in found})))  # type: ignore[arg-type]
    return Matrix(names, [(application, [by_place.get((application.pk, name)) for name in names]) for application in shown])


def runs(actor: Actor, environments: QuerySet[Environment]) -> list[Run]:
    """The newest runs that the actor may see, and those under way in these environments, newest first."""
    visible = queries.runs_for(actor)
    newest = visible.order_by("-pk").values("pk")[:LATEST]
    under_way = Run.objects.filter(environment__in=environments.values("pk"), finished_at__isnull=True)
    return list(visible.filter(pk__in=newest.union(under_way.order_by().values("pk"))).order_by("-pk"))


def _cells(environments: Sequence[Environment], runs: Sequence[Run], now: datetime) -> Iterable[Cell]:
    numbers = {number for e in environments for number in (e.latest_deployment, e.live_deployment)}  # type: ignore[attr-defined]
    deployments = Deployment.objects.select_related("release").in_bulk([number for number in numbers if number])
    under_way = {run.environment_id: run for run in reversed(runs) if run.finished_at is None}
    bars = health([e.routed_instance_id or e.active_instance_id or 0 for e in environments], now)
    for environment in environments:
        instance = environment.routed_instance or environment.active_instance
        yield Cell(
            environment,
            deployments.get(environment.live_deployment),  # type: ignore[attr-defined]
            deployments.get(environment.latest_deployment),  # type: ignore[attr-defined]
            under_way.get(environment.pk),
            instance,
            bars.get(instance.pk, ()) if instance else (),
        )


def health(instances: Iterable[int], now: datetime) -> Mapping[int, tuple[spark.Bar, ...]]:
    """The last half hour of requests and errors of each instance's web process, by the minute."""
    start = (now - timedelta(minutes=MINUTES - 1)).replace(second=0, microsecond=0)
    rows = (
        Sample.objects.filter(instance__in=[pk for pk in instances if pk], process="web", at__gte=start)
        .annotate(minute=TruncMinute("at"))
        .values("instance", "minute")
        .annotate(requests=Sum("requests"), errors=Sum("errors"))
    )
    buckets: dict[int, list[tuple[int, int] | None]] = {}
    for row in rows:
        index = int((row["minute"] - start).total_seconds() // 60)
        if 0 <= index < MINUTES and row["requests"] is not None:
            buckets.setdefault(row["instance"], [None] * MINUTES)[index] = (row["requests"], row["errors"] or 0)
    return {instance: spark.health(values) for instance, values in buckets.items()}
