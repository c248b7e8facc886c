"""What models wrote about what a page shows. Whoever may see the run or the change may see it: the page asked for that already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agents.models import ModelCall, Proposal, Reading, Run, Step
from agents.readings.asked import TROUBLED
from workloads.models import Change

UNFINISHED = Reading.UNFINISHED


def of_run(run: Run) -> Reading | None:
    """The newest about the failure that the run shows now."""
    failures = Reading.objects.filter(run=run, kind=Reading.Kind.FAILURE)
    return failures.order_by("-pk").first() if run.status in TROUBLED else None


def of_change(change: Change) -> Reading | None:
    """The one about its plan."""
    return Reading.objects.filter(change=change, kind=Reading.Kind.PLAN).order_by("-pk").first()


@dataclass(frozen=True, slots=True)
class OfStep:
    """What a model wrote about a step, the calls it took with every tool it used, and what it suggested."""

    reading: Reading
    calls: tuple[ModelCall, ...]
    proposals: tuple[Proposal, ...]

    @property
    def tokens(self) -> int:
        """Of all calls."""
        return sum(call.tokens for call in self.calls)

    @property
    def tools(self) -> int:
        """How many tools it asked for."""
        return sum(len(call.tools) for call in self.calls)


def of_step(step: Step | None) -> OfStep | None:
    """What a model wrote about this step; None where none was asked."""
    found = Reading.objects.filter(step=step, kind=Reading.Kind.FINDINGS).first() if step else None
    if found is None:
        return None
    proposals = Proposal.objects.filter(step=step).select_related("change")
    return OfStep(found, tuple(found.calls.order_by("pk")), tuple(proposals))


def any_awaited(run: Run) -> bool:
    """Whether one about a step of this run is still to come."""
    return Reading.objects.filter(run=run, kind=Reading.Kind.FINDINGS, status__in=UNFINISHED).exists()


def suggestion(change: Change) -> Proposal | None:
    """Whose suggestion the change is, where a model made it."""
    return Proposal.objects.filter(change=change).select_related("step").first()


def awaited(readings: Iterable[Reading | None]) -> bool:
    """Whether any is still to come."""
    return any(reading is not None and reading.status in UNFINISHED for reading in readings)
