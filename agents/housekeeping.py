"""What keeps runs going when a message or a worker was lost, and keeps their records small."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from agents import checkpoints, leases, partitions, proposals, runs
from agents.models import Run
from agents.operations import checkouts
from controlplane.core import queue
from workloads.models import Change

WAKE_AGAIN = timedelta(seconds=10)
RETRY_WITHIN = timedelta(days=7)
FINAL = (Run.Status.SUCCEEDED, Run.Status.REFUSED, Run.Status.ROLLED_BACK, Run.Status.CANCELLED)


def reap() -> int:
    """Wake every run that nobody drives although it could go on; return how many.

    Its worker died, its message was lost with the broker, it was parked in the moment its Change was decided, or the time
    has come for which the Change was approved.
    """
    for run_id in _decided().values_list("pk", flat=True):
        runs.resume(run_id)
    proposals.carry_all_through()
    recently = Q(status=Run.Status.QUEUED, woken_at__gt=Now() - WAKE_AGAIN)
    idle = list(leases.claimable().exclude(recently).values_list("pk", flat=True)[:200])
    Run.objects.filter(pk__in=idle).update(woken_at=Now())
    for run_id in idle:
        queue.enqueue("agents.drive_run", run_id)
    return len(idle)


def wake_waiting_for(change_id: int) -> int:
    """Resume the runs that wait for this Change, if it is decided and its time has come; return how many.

    One that no run waits for was suggested: it is given its run.
    """
    proposals.carry_through(change_id)
    return sum(runs.resume(pk) for pk in _decided().filter(waiting_for=change_id).values_list("pk", flat=True))


def prune() -> None:
    """Forget the checkpoints of runs that will not go on, all but the newest of those that may; drop old days of events."""
    old = timezone.now() - RETRY_WITHIN
    with_checkpoints = checkpoints.all_runs()
    ended = Run.objects.filter(pk__in=with_checkpoints)
    checkpoints.forget(ended.filter(Q(status__in=FINAL) | Q(finished_at__lt=old)).values_list("pk", flat=True))
    checkpoints.thin(ended.filter(status=Run.Status.WAITING).values_list("pk", flat=True))
    going_on = Run.objects.filter(Q(finished_at__isnull=True) | Q(finished_at__gt=old)).values_list("pk", flat=True)
    checkouts.clear_before(RETRY_WITHIN.total_seconds(), keep=set(going_on))
    partitions.drop_before((timezone.now() - timedelta(days=partitions.KEEP_DAYS)).date())


def _decided() -> QuerySet[Run]:
    undecided = Q(waiting_for__status=Change.Status.WAITING)
    early = Q(waiting_for__status=Change.Status.APPROVED, waiting_for__not_before__gt=Now())
    return Run.objects.filter(status=Run.Status.WAITING).exclude(undecided).exclude(early)
