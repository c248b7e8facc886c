"""The rows of what a run's nodes did: one a node and attempt, written only by whoever holds the lease."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from agents.leases import Lease
from agents.models import Run, Step
from agents.readings import asked as readings
from controlplane.core import live
from controlplane.core.errors import LeaseLost
from controlplane.core.redaction import redact, redact_value
from workloads.evidence import Assessment

OPEN = (Step.Status.RUNNING, Step.Status.WAITING)


def begin(lease: Lease, node: str) -> Step:
    """The step of this node: the one that waited, or the next attempt."""
    with transaction.atomic():
        _hold(lease)
        step = Step.objects.filter(run_id=lease.run, node=node, status=Step.Status.WAITING).first()
        if step is None:
            last = Step.objects.filter(run_id=lease.run, node=node).aggregate(last=Max("attempt"))["last"] or 0
            step = Step(run_id=lease.run, node=node, attempt=last + 1, started_at=timezone.now())
        step.status, step.fence = Step.Status.RUNNING, lease.fence
        step.save()
        _ring(lease, step)
    return step


def done(lease: Lease, step: Step, found: Assessment, secrets: frozenset[str] = frozenset()) -> None:
    """The node did its part and found this: progress, so the count of fruitless claims begins again."""
    evidence = redact_value([piece.as_json() for piece in found.evidence], secrets)
    changes = {"verdict": found.verdict.value, "evidence": evidence, "cure": redact(found.cure, secrets)}
    with transaction.atomic():
        _close(lease, step, Step.Status.DONE, summary=redact(found.summary, secrets), **changes)
        lease.rows().update(claims=0)
        readings.of_step(Step.objects.select_related("run__environment").get(pk=step.pk))


def wait(lease: Lease, step: Step) -> None:
    """The node waits for a person; resuming continues this attempt."""
    _move(lease, step, Step.Status.WAITING, {})


def fail(lease: Lease, step: Step, summary: str, cure: str) -> None:
    """The node could not do its part."""
    _close(lease, step, Step.Status.FAILED, summary=summary, cure=cure)


def cancel(lease: Lease, step: Step, summary: str) -> None:
    """The node was cut off on request."""
    _close(lease, step, Step.Status.CANCELLED, summary=summary)


def lose(lease: Lease) -> int:
    """Mark the steps that an earlier holder of the lease left running; return how many."""
    left = Step.objects.filter(run_id=lease.run, status=Step.Status.RUNNING, fence__lt=lease.fence)
    return left.update(status=Step.Status.LOST, finished_at=timezone.now(), summary="Its worker was lost.")


def _close(lease: Lease, step: Step, status: str, **changes: object) -> None:
    _move(lease, step, status, {**changes, "finished_at": timezone.now()})


def _move(lease: Lease, step: Step, status: str, changes: dict[str, object]) -> None:
    with transaction.atomic():
        _hold(lease)
        if not Step.objects.filter(fence=lease.fence).move(step.pk, OPEN, status, **changes):
            raise LeaseLost(f"Step {step.node} of run {lease.run} is no longer ours.")
        _ring(lease, step)


def _hold(lease: Lease) -> None:
    if not lease.rows().select_for_update().exists():
        raise LeaseLost(f"Run {lease.run} is driven by another worker now.")


def _ring(lease: Lease, step: Step) -> None:
    live.ring(f"run-{lease.run}", run=lease.run, step=step.pk)
    for asked in Run.objects.filter(pk=lease.run, workflow="incident").values_list("input", flat=True):
        live.ring(f"incident-{asked.get('incident')}", run=lease.run)
