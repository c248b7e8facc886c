"""The overview: applications by environments, each cell with what is live and what waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Sum
from django.db.models.functions import TruncMinute

from agents.models import Run
from controlplane.core.actors import Actor
from controlplane.dashboard.drawing import spark
from workloads import visibility
from workloads.models import Application, Change, Deployment, Environment, Incident, Instance, Sample

MINUTES = 30
TIERS = [Environment.Tier.LOCAL, Environment.Tier.STAGING, Environment.Tier.PRODUCTION]


@dataclass(frozen=True, slots=True)
class Cell:
    """One environment: what is live, how it is, what waits or runs."""

    environment: Environment
    live: Deployment | None
    latest: Deployment | None
    incidents: int
    waiting: int
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
    def bad(self) -> bool:
        """Whether the eye should find it."""
        stuck = self.run is not None and self.run.status == Run.Status.STUCK
        return stuck or self.incidents > 0 or self.state in ("crashing", "rolled_back", "failed")


@dataclass(frozen=True, slots=True)
class Matrix:
    """The whole table: column heads, and a row of cells (or None) for each application."""

    columns: Sequence[str]
    rows: Sequence[tuple[Application, Sequence[Cell | None]]]

    @property
    def cells(self) -> list[Cell]:
        """Every environment shown."""
        return [cell for _, row in self.rows for cell in row if cell]


def matrix(actor: Actor, now: datetime) -> Matrix:
    """Every environment that the actor may see, in nine queries however many there are."""
    environments = list(visibility.environments(actor).select_related("routed_instance", "active_instance"))
    cells = {cell.environment.pk: cell for cell in _cells(environments, now)}
    columns = sorted({(TIERS.index(e.tier), e.name) for e in environments})  # type: ignore[arg-type]
    names = list(dict.fromkeys(name for _, name in columns))
    rows = []
    for application in visibility.applications(actor).order_by("name"):
        mine = {e.name: cells[e.pk] for e in environments if e.application_id == application.pk}
        rows.append((application, [mine.get(name) for name in names]))
    return Matrix(names, rows)


def _cells(environments: Sequence[Environment], now: datetime) -> Iterable[Cell]:
    ids = [environment.pk for environment in environments]
    of = Deployment.objects.filter(environment__in=ids).select_related("release__application")
    live = {d.environment_id: d for d in of.filter(status=Deployment.Status.LIVE)}
    latest = {d.environment_id: d for d in of.order_by("environment_id", "-pk").distinct("environment_id")}
    incidents = _counted(Incident.objects.filter(environment__in=ids).exclude(status=Incident.Status.RESOLVED))
    waiting = _counted(Change.objects.filter(environment__in=ids, status=Change.Status.WAITING, expires_at__gt=now))
    runs = {run.environment_id: run for run in Run.objects.filter(environment__in=ids, finished_at__isnull=True).order_by("pk")}
    bars = health([e.routed_instance_id or e.active_instance_id or 0 for e in environments], now)
    for environment in environments:
        instance = environment.routed_instance or environment.active_instance
        yield Cell(
            environment,
            live.get(environment.pk),
            latest.get(environment.pk),
            incidents.get(environment.pk, 0),
            waiting.get(environment.pk, 0),
            runs.get(environment.pk),
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


def _counted(rows: Any) -> dict[int, int]:
    return dict(rows.order_by().values_list("environment_id").annotate(Count("pk")))
