"""How the specialists did: their looks of a period counted by verdict, how long they took, and the latest ones."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate

from agents.models import Step
from agents.specialists import Specialist, registry
from controlplane.core import rights
from controlplane.core.actors import Actor
from controlplane.core.kept import figures
from controlplane.core.percentiles import Percentile, length
from controlplane.core.permissions import Verb
from workloads import visibility
from workloads.verdicts import Verdict

LATEST = 5
PERIOD = timedelta(days=30)
_DONE = Q(status__in=[Step.Status.DONE, Step.Status.FAILED])


@dataclass(frozen=True, slots=True)
class Day:
    """The looks of one day that came to a verdict, and how many of them failed."""

    looks: int
    failed: int


@dataclass(frozen=True, slots=True)
class Record:
    """One specialist's looks since some time.

    `verdicts` has each of the five words; `none`: looks that ended without one, because their worker was lost, they were cancelled
    or broke off. `p50` and `p95` are of the looks with a verdict. `days`: None where nobody looked.
    """

    specialist: Specialist
    verdicts: dict[str, int]
    none: int
    p50: timedelta | None
    p95: timedelta | None
    days: tuple[Day | None, ...]
    latest: tuple[Step, ...]

    @property
    def looks(self) -> int:
        """All of them."""
        return sum(self.verdicts.values()) + self.none

    @property
    def success(self) -> float | None:
        """The share that passed of those that passed or failed; None where none did."""
        judged = self.verdicts[Verdict.PASSED] + self.verdicts[Verdict.FAILED]
        return self.verdicts[Verdict.PASSED] / judged if judged else None


def records(actor: Actor, now: datetime) -> list[Record]:
    """One for each specialist over the last PERIOD, of the runs that the actor may see; by three questions."""
    since = now - PERIOD
    specialists = [specialist for _, specialist in sorted(registry().items())]
    ended = Step.objects.filter(
        visibility.within_reach(actor, "run__environment"),
        node__in=[specialist.node for specialist in specialists],
        started_at__gte=since,
        finished_at__isnull=False,
    ).order_by()
    reach = rights.reach(actor, Verb.VIEW)
    totals, days = figures(reach, "looks", lambda: (_totals(ended), _days(ended)))
    latest = _latest(ended, specialists)
    dates = [since.date() + timedelta(days=n) for n in range((now.date() - since.date()).days + 1)]
    return [_record(one, totals.get(one.node), [days.get((one.node, day)) for day in dates], latest) for one in specialists]


def _totals(ended: QuerySet[Step]) -> dict[str, dict[str, Any]]:
    return {row["node"]: dict(row) for row in ended.values("node").annotate(**_counts(), **_times())}


def _counts() -> dict[str, Any]:
    return {"none": Count("run", filter=~_with_verdict())} | {
        word.value: Count("run", filter=_DONE & Q(verdict=word.value)) for word in Verdict
    }


def _with_verdict() -> Q:
    return _DONE & ~Q(verdict="")


def _times() -> dict[str, Any]:
    took = length("started_at", "finished_at")
    return {name: Percentile(took, share, filter=_with_verdict()) for name, share in (("p50", 0.5), ("p95", 0.95))}


def _days(ended: QuerySet[Step]) -> dict[tuple[str, date], Day]:
    by_day = ended.filter(_with_verdict()).values("node", day=TruncDate("started_at"))
    rows = by_day.annotate(looks=Count("run"), failures=Count("run", filter=Q(verdict=Verdict.FAILED)))
    return {(row["node"], row["day"]): Day(row["looks"], row["failures"]) for row in rows}


def _latest(ended: QuerySet[Step], specialists: list[Specialist]) -> dict[str, list[Step]]:
    """The last LATEST of each: one question of as many parts, each of which reads the end of an index."""
    columns = ("pk", "run_id", "node", "status", "verdict", "started_at", "finished_at", "run__environment__name",
               "run__environment__application__name")  # fmt: skip
    related = ended.select_related("run__environment__application").only(*columns)
    parts = [related.filter(node=one.node).order_by("-started_at")[:LATEST] for one in specialists]
    found: dict[str, list[Step]] = defaultdict(list)
    for step in parts[0].union(*parts[1:], all=True):
        found[step.node].append(step)
    return found


def _record(specialist: Specialist, totals: dict[str, Any] | None, days: list[Day | None], latest: dict[str, list[Step]]) -> Record:
    found = totals or {}
    return Record(
        specialist=specialist,
        verdicts={word.value: found.get(word.value, 0) for word in Verdict},
        none=found.get("none", 0),
        p50=found.get("p50"),
        p95=found.get("p95"),
        days=tuple(days),
        latest=tuple(sorted(latest[specialist.node], key=lambda step: step.started_at, reverse=True)),
    )
