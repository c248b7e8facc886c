"""Approved, and not yet begun: for its moment, or for its environment to open; when it is looked at again, and by whom."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from controlplane.core import live, queue
from controlplane.core.errors import Conflict
from workloads import admission, phrases
from workloads.admission import Kept
from workloads.models import Change, Environment

LOOK_AGAIN = timedelta(minutes=15)  # at the latest: nothing that is otherwise stays unseen for longer
CARRY_THROUGH = timedelta(hours=1)  # from the moment it may begin on, before it expires
LOOK = "agents.look_again"
EVERYWHERE = 0  # instead of an environment's number
MOST_RUNG = 200


class NotYet(Conflict):
    """An approved Change may not begin at this moment; it stays approved, and is asked for again when its time has come."""

    code = "not_yet"


def waits(change: Change, now: datetime) -> bool:
    """Whether whoever carries it through must wait: for a decision, for its moment, or for its environment to open."""
    return change.status == Change.Status.WAITING or not_yet(change, now) is not None


def not_yet(change: Change, now: datetime) -> NotYet | None:
    """Why an approved Change may not begin at this moment, or None."""
    if change.status != Change.Status.APPROVED:
        return None
    if change.is_early(now):
        return NotYet(f"This change is approved for later: it begins at {change.not_before}.", cure="Wait, or choose another time.")
    found = admission.keeping(change, now)
    return None if found is None else NotYet(phrases.kept(found), cure="It begins by itself when it may.")


def park(change: Change, now: datetime) -> bool:
    """`waits`, for a row that is locked; writes down when to look again, and that it does not expire before it may begin."""
    if change.status != Change.Status.APPROVED:
        return change.status == Change.Status.WAITING
    return is_kept(change, now) or change.is_early(now)


def is_kept(change: Change, now: datetime) -> bool:
    """Whether an approved Change is kept by its environment; the row is locked, and it is written down as `park` does."""
    if change.status != Change.Status.APPROVED:
        return False
    found = admission.keeping(change, now)
    _write_down(change, found, now)
    return found is not None


def look(change_id: int) -> bool:
    """`park`, for a row that is not locked yet."""
    with transaction.atomic():
        locked = Change.objects.select_for_update(of=("self",)).select_related("environment__application")
        return park(locked.get(pk=change_id), timezone.now())


def reconsider(environment: Environment | None = None) -> None:
    """Windows, a lock or a stop are otherwise now, here or (None) anywhere: whoever waits is looked at again at once."""
    ring(environment)
    queue.enqueue(LOOK, environment.pk if environment else EVERYWHERE)


def look_again(environment_id: int) -> None:
    """Have everybody who is kept there looked at by the next look; each by itself, so that no row waits for another."""
    kept = Change.objects.filter(status=Change.Status.APPROVED, look_again_at__isnull=False)
    kept = kept if environment_id == EVERYWHERE else kept.filter(environment=environment_id)
    for pk in list(kept.values_list("pk", flat=True)):
        Change.objects.filter(pk=pk, look_again_at__isnull=False).update(look_again_at=Now())
        live.ring(f"change-{pk}", change=pk)


def ring(environment: Environment | None = None) -> None:
    """Tell whoever looks at an environment (None: at any) that what holds there is otherwise now."""
    numbers = [environment.pk] if environment else Environment.objects.values_list("pk", flat=True)[:MOST_RUNG]
    for number in numbers:
        live.ring(f"environment-{number}", environment=number)
    live.ring("overview")
    live.ring("inbox")


def _write_down(change: Change, found: Kept | None, now: datetime) -> None:
    again = None if found is None else min(found.until or now + LOOK_AGAIN, now + LOOK_AGAIN)
    may_begin = max(found.until or now if found else now, change.not_before or now)
    expires = max(change.expires_at, may_begin + CARRY_THROUGH) if found else change.expires_at
    if (again, expires) != (change.look_again_at, change.expires_at):
        change.look_again_at, change.expires_at = again, expires
        change.save(update_fields=["look_again_at", "expires_at"])
