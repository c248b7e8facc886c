"""How runs stand, in the words that forges know; compared every few seconds with what they were to be told.

A comparison, not a message: whatever changes a run, and whoever dies then, the next look finds it.
"""

from __future__ import annotations

from django.db.models import Q

from agents.models import Run
from workloads import statuses
from workloads.models import ForgeStatus

Status, State = Run.Status, ForgeStatus.State
MOST = 500
STATES: dict[str, str] = {
    Status.QUEUED: State.PENDING,
    Status.WAITING: State.PENDING,
    Status.RUNNING: State.RUNNING,
    Status.SUCCEEDED: State.SUCCESS,
    Status.CANCELLED: State.ERROR,
    Status.STUCK: State.ERROR,
}


def catch_up() -> int:
    """Want told whatever changed since; have everything sent that is due; return how many are sent."""
    unfinished = Run.objects.filter(finished_at__isnull=True).values("pk")
    rows = list(ForgeStatus.objects.filter(Q(settled=False) | Q(run_number__in=unfinished)).order_by("pk")[:MOST])
    found = Run.objects.select_related("waiting_for").in_bulk([row.run_number for row in rows])
    for row in rows:
        run = found.get(row.run_number)
        if run is None:
            statuses.say(row, State.ERROR, "The run is gone.", settled=True)
        else:
            statuses.say(row, STATES.get(run.status, State.FAILURE), _words(run), settled=run.status in Run.ENDED)
    return statuses.send_due()


def _words(run: Run) -> str:
    """One sentence: what came of it, or how it stands."""
    return str(run.result.get("summary") or f"Run {run.pk} is {run.get_status_display()}.")
