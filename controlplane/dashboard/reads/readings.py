"""What models wrote about what a page shows. Whoever may see the run or the change may see it: the page asked for that already."""

from __future__ import annotations

from collections.abc import Iterable

from agents.models import Reading, Run
from agents.readings.asked import TROUBLED
from workloads.models import Change

UNFINISHED = (Reading.Status.QUEUED, Reading.Status.READING)


def of_run(run: Run) -> Reading | None:
    """The newest about the failure that the run shows now."""
    failures = Reading.objects.filter(run=run, kind=Reading.Kind.FAILURE)
    return failures.order_by("-pk").first() if run.status in TROUBLED else None


def of_change(change: Change) -> Reading | None:
    """The one about its plan."""
    return Reading.objects.filter(change=change, kind=Reading.Kind.PLAN).order_by("-pk").first()


def awaited(readings: Iterable[Reading | None]) -> bool:
    """Whether any is still to come."""
    return any(reading is not None and reading.status in UNFINISHED for reading in readings)
