"""What an environment's processes used and answered, minute by minute, as static/js/chart.js draws it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Avg, Max, Sum
from django.db.models.functions import TruncMinute
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from workloads.models import Deployment, Environment, Sample

HOURS = (1, 6, 24)
MINUTE = timedelta(minutes=1)
MEBIBYTE = 1024 * 1024
WEB = "web"  # comes first


@dataclass(frozen=True, slots=True)
class Line:
    """A column of Sample: how a minute of one copy is summed up, and the copies together.

    Without a label it is one line for each process. What only the address sees, other processes have no value of.
    """

    field: str
    minute: type[Aggregate]
    together: Callable[[Sequence[float]], float] = sum
    label: str | Promise = ""
    tone: str = ""
    divisor: int = 1


@dataclass(frozen=True, slots=True)
class Metric:
    """One chart."""

    title: str | Promise
    unit: str
    lines: tuple[Line, ...]


METRICS: Mapping[str, Metric] = {
    "cpu": Metric(_("CPU, of one core"), "%", (Line("cpu_percent", Avg),)),
    "memory": Metric(_("Memory"), "MiB", (Line("memory_bytes", Max, divisor=MEBIBYTE),)),
    "answers": Metric(_("Answer time"), "ms", (Line("latency_p99_ms", Max, max, _("slowest of 100")),)),
    "requests": Metric(
        _("Requests each minute"),
        "/min",
        (Line("requests", Sum, label=_("answered")), Line("errors", Sum, label=_("errors"), tone="bad")),
    ),
}


def chart(environment: Environment, metric: Metric, hours: int, now: datetime) -> dict[str, Any]:
    """The chart's data: {"unit", "times" (Unix seconds), "series", "marks"}; a minute that was not measured is null."""
    end = now.replace(second=0, microsecond=0)
    times = [end - MINUTE * back for back in range(hours * 60, 0, -1)]  # the minute that runs is not complete
    return {
        "unit": metric.unit,
        "times": [int(at.timestamp()) for at in times],
        "series": [series for line in metric.lines for series in _series(environment, line, times)],
        "marks": [_mark(deployment) for deployment in _begun(environment, times[0])],
    }


def _series(environment: Environment, line: Line, times: Sequence[datetime]) -> Iterable[dict[str, Any]]:
    found = _measured(environment, line, times[0])
    for process, minutes in sorted(found.items(), key=lambda item: (item[0] != WEB, item[0])):
        values = [round(line.together(minutes[at]) / line.divisor, 2) if at in minutes else None for at in times]
        tone = {"tone": line.tone} if line.tone else {}
        yield {"label": str(line.label or process), "values": values} | tone


def _measured(environment: Environment, line: Line, start: datetime) -> dict[str, dict[datetime, list[float]]]:
    """Process -> minute -> the value of each copy that ran then."""
    rows = (
        Sample.objects.filter(instance__environment=environment, at__gte=start, **{f"{line.field}__isnull": False})
        .annotate(minute=TruncMinute("at"))
        .values("process", "minute", "instance")
        .annotate(value=line.minute(line.field))
        .order_by()
    )
    found: dict[str, dict[datetime, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[row["process"]][row["minute"]].append(row["value"])
    return found


def _begun(environment: Environment, start: datetime) -> Iterable[Deployment]:
    rows = Deployment.objects.filter(environment=environment, started_at__gte=start)
    return rows.select_related("release__application").order_by("started_at")


def _mark(deployment: Deployment) -> dict[str, Any]:
    assert deployment.started_at is not None
    return {"at": int(deployment.started_at.timestamp()), "label": deployment.release.label}
