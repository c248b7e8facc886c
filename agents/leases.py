"""Who drives a run: a lease of 15 seconds, renewed every 5, and a fence that grows with every claim.

All times are the database's own, so that workers whose clocks differ agree. Every write of a run or step is filtered by
the fence: a worker that was paused past its lease changes nothing when it wakes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from agents.models import Run

LEASE = timedelta(seconds=15)
HEARTBEAT_SECONDS = 5.0
PATIENT = "incident"  # the workflow that lets the others go first
EXPIRY = ExpressionWrapper(Now() + LEASE, output_field=DateTimeField())


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to drive one run, until the database's clock passes it or somebody claims the run again."""

    run: int
    fence: int
    owner: str

    def rows(self) -> QuerySet[Run]:
        """The run's row while this lease holds it, otherwise nothing."""
        return Run.objects.filter(pk=self.run, fence=self.fence, status=Run.Status.RUNNING)


def claimable() -> QuerySet[Run]:
    """Runs that nobody drives and whose turn it is: the oldest of their environment goes first.

    A run that waits for an answer about a release which already has traffic holds its environment too. Whoever looks after an
    incident lets everybody else go first, and is not held by such a question: it may be what the answer needs.
    """
    free = Q(status=Run.Status.QUEUED) | Q(status=Run.Status.RUNNING, lease_expires_at__lt=Now())
    neighbours = Run.objects.filter(environment=OuterRef("environment")).exclude(pk=OuterRef("pk"))
    running = neighbours.filter(status=Run.Status.RUNNING)
    queued = neighbours.filter(status=Run.Status.QUEUED)
    older, others = queued.filter(pk__lt=OuterRef("pk")), queued.exclude(workflow=PATIENT)
    asking = neighbours.filter(status=Run.Status.WAITING, waiting_for__actions__kind="promote")
    mine = Q(Exists(older.filter(workflow=PATIENT))) | (Q(Exists(others)) & ~Q(Exists(asking)))
    turn = Q(mine, workflow=PATIENT) | (Q(Exists(older.exclude(workflow=PATIENT))) | Q(Exists(asking))) & ~Q(workflow=PATIENT)
    blocked = (Q(Exists(running)) | turn) & Q(status=Run.Status.QUEUED)
    return Run.objects.filter(free).exclude(blocked)


def take(run_id: int, owner: str) -> bool:
    """Move a claimable run to this owner with the next fence; False when it is another's or not its turn."""
    return (
        claimable()
        .filter(pk=run_id)
        .update(
            status=Run.Status.RUNNING,
            fence=F("fence") + 1,
            claims=F("claims") + 1,
            lease_owner=owner[:100],
            lease_expires_at=EXPIRY,
            started_at=Coalesce(F("started_at"), Now()),
        )
        == 1
    )


def renew(lease: Lease) -> bool:
    """Hold the lease for another 15 seconds; False when it is lost."""
    return lease.rows().update(lease_expires_at=EXPIRY) == 1


def cancel_asked(lease: Lease) -> bool:
    """Whether somebody asked to cancel the run."""
    return lease.rows().filter(cancel_requested_at__isnull=False).exists()
