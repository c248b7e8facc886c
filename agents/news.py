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


def of_end(run: Run, text: str) -> None:
    """How a run ended, or that it is stuck. Whoever cancelled one knows it."""
    kind = _KINDS.get(Run.Status(run.status))
    if kind is not None:
        title = f"{run.workflow.capitalize()} in {run.environment}: {run.get_status_display()}"
        announce(kind, run.environment, f"run-{run.pk}", title, text)
