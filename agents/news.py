"""What people are told of runs, wherever they asked to be told (workloads.notices)."""

from __future__ import annotations

from agents.models import Run
from workloads.models.notices import Kind
from workloads.notices import announce

_KINDS = {
    Run.Status.SUCCEEDED: Kind.RUN_SUCCEEDED,
    Run.Status.FAILED: Kind.RUN_FAILED,
    Run.Status.STOPPED: Kind.RUN_STOPPED,
    Run.Status.REFUSED: Kind.RUN_STOPPED,
    Run.Status.ROLLED_BACK: Kind.RUN_ROLLED_BACK,
    Run.Status.STUCK: Kind.RUN_STUCK,
}


# What came of an incident is told of the incident itself: resolved, or in need of a person.
_TOLD_BY_INCIDENTS = (Run.Status.SUCCEEDED, Run.Status.STOPPED, Run.Status.REFUSED, Run.Status.ROLLED_BACK)


def of_end(run: Run, text: str) -> None:
    """How a run ended, or that it is stuck. Whoever cancelled one knows it."""
    kind = _KINDS.get(Run.Status(run.status))
    told = run.workflow == "incident" and run.status in _TOLD_BY_INCIDENTS
    if kind is not None and not told:
        title = f"{run.workflow.capitalize()} in {run.environment}: {run.get_status_display()}"
        announce(kind, run.environment, f"run-{run.pk}", title, text)
