"""When an approved Change may begin: at once, or approved now and run later."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from controlplane.core import queue
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid, Refused
from workloads.changes import approvals
from workloads.changes.ending import NOT_BEGUN, WAKE_UP, locked, tell
from workloads.changes.waiting import CARRY_THROUGH
from workloads.models import Action, Approval, Change

LONGEST_AHEAD = timedelta(days=30)


def schedule(actor: Actor, change_id: int, not_before: datetime | None, *, reason: str) -> Change:
    """Have a Change begin no sooner than this moment; None: as soon as it is approved.

    Whoever may approve it may say so, their own change included: it is no decision, and decides nothing.
    Raises Invalid, Conflict, Refused or NotFound; then nothing is recorded.
    """
    if not reason.strip():
        raise Invalid("Another time needs a reason.", cure="Say in a sentence why.")
    with transaction.atomic():
        change = locked(actor, change_id)
        _demand(actor, change)
        if change.status not in NOT_BEGUN:
            raise Conflict(f"This change is {change.get_status_display().lower()}; its time is no longer chosen.")
        put_off(change, not_before)
        if change.status == Change.Status.APPROVED:
            carry_through(change)
        tell(actor, "change.schedule", change, reason=reason.strip(), not_before=not_before.isoformat() if not_before else None)
        queue.enqueue(WAKE_UP, change.pk)
    return change


def put_off(change: Change, not_before: datetime | None) -> None:
    """Write the moment down; the row is locked. Until when it must be decided stays as the policy said."""
    if not_before is not None:
        _check(change, not_before, timezone.now())
    change.not_before = not_before
    change.save(update_fields=["not_before"])


def carry_through(change: Change) -> None:
    """Have what is approved for another time expire a while after that; the row is locked."""
    change.expires_at = max(timezone.now(), change.not_before or timezone.now()) + CARRY_THROUGH
    change.save(update_fields=["expires_at"])


def _check(change: Change, not_before: datetime, now: datetime) -> None:
    if timezone.is_naive(not_before):
        raise Invalid("The time has no zone.", cure="Give it with its offset from UTC, such as 2030-05-01T22:00:00+02:00.")
    if not now < not_before <= now + LONGEST_AHEAD:
        raise Invalid(
            "The time to begin lies in the past or too far ahead.",
            cure=f"Choose one within the next {LONGEST_AHEAD.days} days; without one it begins at once.",
        )
    if change.actions.filter(kind=Action.Kind.PROMOTE).exists():
        raise Invalid("What has the traffic already cannot be kept live later.", cure="Decide now.")


def _demand(actor: Actor, change: Change) -> None:
    standing = approvals.standing(actor)
    because = approvals.out_of_reach(standing, change, Approval.Decision.APPROVE)
    if because:
        raise Refused(because, cure="Ask somebody who may.")
