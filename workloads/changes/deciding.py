"""Decisions of people on a Change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from controlplane.core import queue
from controlplane.core.actors import Actor
from workloads import deployments
from workloads.changes import approvals, timing
from workloads.changes.ending import WAKE_UP, Status, expire, locked, tell
from workloads.models import Approval, Change


def decide(
    actor: Actor, change_id: int, decision: str, *, shown_sha256: str, reason: str, not_before: datetime | None = None
) -> Change:
    """One person's decision: `approve`, `reject` or `override`, on exactly what was shown, with a reason.

    An approval may name the moment before which nothing begins (approve now and run later); it replaces one named before.

    The quorum's last approval (or one override, or one rejection) ends the waiting and wakes up the run.
    Raises Invalid, Conflict, Refused or NotFound with the reason; then nothing is recorded.
    """
    expire(change_id)
    with transaction.atomic():
        change = locked(actor, change_id)
        person = approvals.check(actor, change, decision, shown_sha256, reason)
        reason = reason.strip()
        if not_before is not None and decision != Approval.Decision.REJECT:
            timing.put_off(change, not_before)
        Approval.objects.create(
            change=change,
            person=person,
            decided_by=actor.label,
            decision=decision,
            reason=reason,
            preview_sha256=change.preview_sha256,
        )
        if decision == Approval.Decision.REJECT:
            _conclude(change, Status.REJECTED)
            deployments.cancel(actor, change)
        elif decision == Approval.Decision.OVERRIDE:
            _conclude(change, Status.APPROVED, override_reason=reason)
        elif approvals.satisfied(change):
            _conclude(change, Status.APPROVED)
        later = {"not_before": change.not_before.isoformat()} if change.not_before else {}
        tell(actor, f"change.{decision}", change, reason=reason, **later)
    return change


def _conclude(change: Change, status: str, **changes: Any) -> None:
    """The one transition out of waiting, with the one wake-up; the row is locked."""
    Change.objects.move(change.pk, Status.WAITING, status, decided_at=timezone.now(), **changes)
    change.refresh_from_db()
    if status == Status.APPROVED and change.is_early(timezone.now()):
        timing.carry_through(change)
    queue.enqueue(WAKE_UP, change.pk)
