"""Delivery figures of a period: DORA's four, how long runs took, how long they waited. Medians, and no data is never zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Model, Q, QuerySet
from django.db.models.functions import TruncDate

from agents.models import Run, Step
from controlplane.core.actors import Actor
from controlplane.core.percentiles import Percentile, length
from controlplane.dashboard.places import Place
from workloads import visibility
from workloads.models import Deployment, Incident

DAYS = (30, 90)
Status = Deployment.Status
WENT_LIVE = Q(status__in=[Status.LIVE, Status.SUPERSEDED])
WENT_WRONG = Q(status__in=[Status.FAILED, Status.ROLLED_BACK]) | Q(incident__isnull=False)
ENDED = Q(status__in=[Status.LIVE, Status.SUPERSEDED, Status.FAILED, Status.ROLLED_BACK])
ROLL_OUT = Q(kind=Deployment.Kind.ROLL_OUT)
LEAD = length("release__authored_at", "finished_at")
RESTORE = length("deployment__finished_at", "resolved_at")
TOOK = length("started_at", "finished_at")


@dataclass(frozen=True, slots=True)
class Scope:
    """What is counted: everything the actor may see of the chosen environments, since the beginning of a day."""

    actor: Actor
    place: Place
    days: int
    now: datetime

    @property
    def since(self) -> datetime:
        """The beginning of the first day."""
        return (self.now - timedelta(days=self.days - 1)).replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def dates(self) -> list[date]:
        """Every day of the period, today the last."""
        return [self.since.date() + timedelta(days=n) for n in range(self.days)]

    def deployments(self) -> QuerySet[Deployment]:
        """Those begun in the period."""
        return self._of(Deployment, "environment", created_at__gte=self.since)

    def incidents(self) -> QuerySet[Incident]:
        """Those opened in the period that a deployment caused and that are resolved."""
        return self._of(Incident, "environment", opened_at__gte=self.since, resolved_at__isnull=False, deployment__isnull=False)

    def runs(self) -> QuerySet[Run]:
        """Those begun in the period that ended by themselves."""
        ended = [status for status in Run.ENDED if status != Run.Status.CANCELLED]
        return self._of(Run, "environment", created_at__gte=self.since, started_at__isnull=False, status__in=ended)

    def waits(self) -> QuerySet[Step]:
        """The waits for an approval that began in the period and were decided."""
        return self._of(Step, "run__environment", node="approval", started_at__gte=self.since, status=Step.Status.DONE)

    def _of(self, model: type[Model], environment: str, **where: object) -> QuerySet[Any]:
        rows = model._default_manager.filter(visibility.within_reach(self.actor, environment), **where).order_by()
        return self.place.filter(rows, environment)


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures of the whole period. None: no data."""

    deployments: dict[str, Any]
    restored: dict[str, Any]
    runs: dict[str, Any]
    waits: dict[str, Any]
    days: int

    @property
    def a_day(self) -> float:
        """Roll-outs that went live a day."""
        return float(self.deployments["live"]) / self.days

    @property
    def a_week(self) -> float:
        """The same a week."""
        return 7 * self.a_day

    @property
    def failure_rate(self) -> float | None:
        """The share of the roll-outs that ended which went wrong."""
        ended = self.deployments["ended"]
        return self.deployments["wrong"] / ended if ended else None


def totals(scope: Scope) -> Totals:
    """The figures of the period, by four questions."""
    return Totals(
        deployments=scope.deployments().filter(ROLL_OUT).aggregate(**_rates(), lead=_middle(LEAD, filter=_timed_lead())),
        restored=scope.incidents().aggregate(count=Count("pk"), p50=_middle(RESTORE)),
        runs=scope.runs().aggregate(count=Count("pk"), **_times()),
        waits=scope.waits().aggregate(count=Count("run"), **_times()),
        days=scope.days,
    )


def outcomes_by_day(scope: Scope) -> dict[date, dict[str, Any]]:
    """How many deployments ended in which way."""
    counts = {
        "live": Count("pk", filter=WENT_LIVE),
        "failed": Count("pk", filter=Q(status=Status.FAILED)),
        "rolled_back": Count("pk", filter=Q(status=Status.ROLLED_BACK)),
    }
    return _daily(scope.deployments(), "created_at", **counts)


def lead_by_day(scope: Scope) -> dict[date, dict[str, Any]]:
    """The median lead time of the roll-outs that went live, in hours."""
    return _daily(scope.deployments().filter(ROLL_OUT, _timed_lead()), "created_at", p50=_middle(LEAD))


def failures_by_day(scope: Scope) -> dict[date, dict[str, Any]]:
    """The share of roll-outs that went wrong."""
    found = _daily(scope.deployments().filter(ROLL_OUT), "created_at", **_rates())
    return {day: {"rate": 100 * row["wrong"] / row["ended"]} for day, row in found.items() if row["ended"]}


def restored_by_day(scope: Scope) -> dict[date, dict[str, Any]]:
    """The median time to restore, by the day the incident was opened."""
    return _daily(scope.incidents(), "opened_at", p50=_middle(RESTORE))


def runs_by_day(scope: Scope) -> dict[date, dict[str, Any]]:
    """How long runs took."""
    return _daily(scope.runs(), "created_at", **_times())


def waits_by_day(scope: Scope) -> dict[date, dict[str, Any]]:
    """How long runs waited for an approval."""
    return _daily(scope.waits(), "started_at", **_times())


def _timed_lead() -> Q:
    return WENT_LIVE & Q(release__authored_at__lte=F("finished_at"))


def _rates() -> dict[str, Count]:
    return {
        "live": Count("pk", filter=WENT_LIVE),
        "ended": Count("pk", filter=ENDED),
        "wrong": Count("pk", filter=ENDED & WENT_WRONG),
    }


def _middle(expression: Any, **more: Any) -> Percentile:
    return Percentile(expression, 0.5, **more)


def _times() -> dict[str, Percentile]:
    return {"p50": _middle(TOOK), "p95": Percentile(TOOK, 0.95)}


def _daily(rows: QuerySet[Any], at: str, **figures: Any) -> dict[date, dict[str, Any]]:
    found = rows.values(day_of=TruncDate(at)).annotate(**figures)
    return {row["day_of"]: row for row in found}


By = Callable[[Scope], dict[date, dict[str, Any]]]
