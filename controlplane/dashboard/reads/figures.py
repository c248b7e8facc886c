"""The charts of the metrics page: what each shows, how it is defined, and its data as static/js/chart.js draws it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from controlplane.dashboard.reads import delivery
from controlplane.dashboard.reads.delivery import By, Scope

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PERCENTILES = (("p50", "p50", ""), ("p95", "p95", ""))


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: a line for each (key, label, tone). `per` is the unit of durations; `counts`: a day without any is zero."""

    title: str | Promise
    unit: str | Promise
    definition: str | Promise
    by_day: By
    lines: tuple[tuple[str, str | Promise, str], ...]
    per: timedelta = MINUTE
    counts: bool = False


CHARTS: Mapping[str, Chart] = {
    "deployments": Chart(
        _("Deployments"),
        _("a day"),
        _("By the day they began, roll-outs and rollbacks, and how they ended."),
        delivery.outcomes_by_day,
        (("live", _("went live"), ""), ("failed", _("failed"), "bad"), ("rolled_back", _("rolled back"), "warn")),
        counts=True,
    ),
    "lead-time": Chart(
        _("Lead time"),
        "h",
        _("From the commit of a release to the end of the roll-out that made it live; the median of the day."),
        delivery.lead_by_day,
        (("p50", _("median"), ""),),
        per=HOUR,
    ),
    "failures": Chart(
        _("Change failure rate"),
        "%",
        _("Roll-outs that failed, were rolled back or caused an incident, of all roll-outs that ended."),
        delivery.failures_by_day,
        (("rate", _("went wrong"), "bad"),),
    ),
    "restore": Chart(
        _("Time to restore"),
        "h",
        _("From the end of the deployment that caused an incident until it was resolved; the median, by the day it was opened."),
        delivery.restored_by_day,
        (("p50", _("median"), ""),),
        per=HOUR,
    ),
    "runs": Chart(
        _("Length of runs"),
        "min",
        _("From the start of a run to its end, with the time it waited; cancelled runs do not count."),
        delivery.runs_by_day,
        PERCENTILES,
    ),
    "waiting": Chart(
        _("Waiting for approval"),
        "min",
        _("From asking for a decision until it was taken, by the day it was asked."),
        delivery.waits_by_day,
        PERCENTILES,
    ),
}


def data(chart: Chart, scope: Scope) -> dict[str, Any]:
    """{"unit", "times" (Unix seconds, the beginning of each day), "series", "marks"}; a day without data is null."""
    found = chart.by_day(scope)
    days = [found.get(day, {}) for day in scope.dates]
    return {
        "unit": str(chart.unit),
        "times": [int(datetime.combine(day, time(), UTC).timestamp()) for day in scope.dates],
        "series": [
            {"label": str(label), "values": [_value(day.get(key), chart) for day in days]} | ({"tone": tone} if tone else {})
            for key, label, tone in chart.lines
        ],
        "marks": [],
    }


def _value(value: Any, chart: Chart) -> float | None:
    if value is None:
        return 0 if chart.counts else None
    return round(value / chart.per if isinstance(value, timedelta) else float(value), 2)
