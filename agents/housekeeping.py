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
from workloads.changes import waiting
from workloads.models import Change

WAKE_AGAIN = timedelta(seconds=10)
SOON = timedelta(seconds=5)  # more than between two looks of the reaper
RETRY_WITHIN = timedelta(days=7)
FINAL = (Run.Status.SUCCEEDED, Run.Status.REFUSED, Run.Status.ROLLED_BACK, Run.Status.CANCELLED)


def reap() -> int:
    """Wake every run that nobody drives although it could go on; return how many.

    Its worker died, its message was lost with the broker, it was parked in the moment its Change was decided, or the time
    has come at which the Change may begin.
    """
    _resume(_decided())
    _resume(Run.objects.filter(status=Run.Status.WAITING, resume_at__lte=Now()))
    proposals.carry_all_through()
    _wake_at_their_moment()
    recently = Q(status=Run.Status.QUEUED, woken_at__gt=Now() - WAKE_AGAIN)
    idle = list(leases.claimable().exclude(recently).values_list("pk", flat=True)[:200])
    Run.objects.filter(pk__in=idle).update(woken_at=Now())
    for run_id in idle:
        queue.enqueue("agents.drive_run", run_id)
    return len(idle)


def wake_waiting_for(change_id: int) -> int:
    """Resume the runs that wait for this Change, if it is decided and may begin; return how many.

    One that no run waits for was suggested: it is given its run.
    """
    proposals.carry_through(change_id)
    return _resume(_decided().filter(waiting_for=change_id))


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
    kept = Q(waiting_for__status=Change.Status.APPROVED, waiting_for__look_again_at__gt=Now())
    return Run.objects.filter(status=Run.Status.WAITING, resume_at=None).exclude(undecided).exclude(early).exclude(kept)


def _resume(parked: QuerySet[Run]) -> int:
    """Let them go on, but for those whose Change is kept still: that is looked at again later."""
    numbers = list(parked.values_list("pk", "waiting_for"))
    return sum(runs.resume(run) for run, change in numbers if change is None or not waiting.look(change))


def _wake_at_their_moment() -> None:
    """Have what may begin before the next look begin on time, to the second."""
    approved = Change.objects.filter(status=Change.Status.APPROVED)
    for name in ("look_again_at", "not_before"):
        soon = approved.filter(**{f"{name}__gt": Now(), f"{name}__lte": Now() + SOON}).values_list("pk", name)
        for change, moment in soon:
            queue.at(moment, "agents.change_decided", change)
