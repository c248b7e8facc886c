"""The windows, stops and lock that hold in an environment: from their rows to what `workloads.windows` judges. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from controlplane.core.errors import Invalid
from workloads import windows as engine
from workloads.models import Environment, EnvironmentLock, Stop, Window
from workloads.windows import Kind, Once, Recurring, Standing, wall, zone_of

ALWAYS = Once(datetime(1970, 1, 1, tzinfo=UTC), None)


@dataclass(frozen=True, slots=True)
class Timetable:
    """The windows, stops and lock that hold in one environment."""

    windows: tuple[Window, ...]
    stops: tuple[Stop, ...]
    lock: EnvironmentLock | None

    @property
    def rows(self) -> tuple[Window | Stop, ...]:
        """Stops, then windows."""
        return (*self.stops, *self.windows)

    def standing(self, now: datetime, *, rollback: bool = False) -> Standing:
        """Open or closed, and until when; for a rollback only by what does not let rollbacks through."""
        return engine.standing(self.judged(rollback=rollback), now)

    def judged(self, *, rollback: bool = False) -> list[engine.Window]:
        """The windows and stops as they are judged."""
        return [judged(row) for row in self.rows if not (rollback and row.rollbacks_pass)]

    def named(self, found: Iterable[engine.Window]) -> tuple[Window | Stop, ...]:
        """The rows that judged windows stand for."""
        keys = {window.key for window in found}
        return tuple(row for row in self.rows if _key(row) in keys)


def timetable(environment: Environment, now: datetime) -> Timetable:
    """What holds in one environment."""
    return timetables([environment], now)[environment.pk]


def timetables(environments: Iterable[Environment], now: datetime) -> dict[int, Timetable]:
    """What holds in each of these, by three questions."""
    found = {environment.pk: environment for environment in environments}
    applications = {environment.application_id for environment in found.values()}
    tiers = {environment.tier for environment in found.values()}
    everywhere = Q(environment__isnull=True, application__isnull=True, tier="")
    here = Q(environment__in=found) | Q(application__in=applications) | Q(tier__in=tiers)
    windows = list(Window.objects.filter(everywhere | here, enabled=True).select_related("environment__application", "application"))
    stops = list(Stop.objects.filter(Q(environment__isnull=True) | Q(environment__in=found), lifted_at__isnull=True))
    locks = EnvironmentLock.objects.filter(environment__in=found, released_at__isnull=True, expires_at__gt=now)
    lock_of = {lock.environment_id: lock for lock in locks.select_related("owner")}
    return {
        pk: Timetable(
            tuple(window for window in windows if holds_in(window, environment)),
            tuple(stop for stop in stops if stop.environment_id in (None, pk)),
            lock_of.get(pk),
        )
        for pk, environment in found.items()
    }


def holds_in(window: Window, environment: Environment) -> bool:
    """Whether a window is of this environment, of its application, of its tier, or of everything."""
    if not (window.environment_id or window.application_id or window.tier):
        return True
    of = (window.environment_id == environment.pk, window.application_id == environment.application_id)
    return any(of) or window.tier == environment.tier


def judged(row: Window | Stop) -> engine.Window:
    """A row as the engine judges it. One that cannot be read closes: nobody knows what it was meant to keep."""
    if isinstance(row, Stop):
        return engine.Window(_key(row), "stop", Kind.DENY, Once(row.stopped_at, None))
    try:
        return engine.Window(_key(row), row.name, Kind(row.kind), times_of(row))
    except Invalid:
        return engine.Window(_key(row), row.name, Kind.DENY, ALWAYS)


def times_of(row: Window) -> Once | Recurring:
    """When a window is; Invalid, with how to mend it, for one that makes no sense."""
    zone, first = zone_of(row.zone), datetime.combine(row.starts_on, row.starts_at)
    if row.rule:
        return Recurring(engine.read(row.rule), first, row.duration or timedelta(), zone, row.until)
    start = wall.instant(first, zone)
    lasting = wall.after(first, row.duration, zone) if row.duration is not None else None
    end = min((moment for moment in (lasting, row.until) if moment is not None), default=None)
    if end is not None and end <= start:
        raise Invalid("The window ends before it begins.", cure="Change its first day, how long it lasts, or its end.")
    return Once(start, end)


def _key(row: Window | Stop) -> str:
    return f"{row._meta.model_name}-{row.pk}"
