"""Changes that no run carries (a restore, a repair): carried through once they are approved, and taken up where a worker died."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Refused
from workloads import changes, drift, mending
from workloads.models import Action, Change
from workloads.verdicts import Verdict

KINDS = (Action.Kind.RESTORE, Action.Kind.REPAIR)
WAKE_AFTER = timedelta(seconds=20)  # a wake-up was lost
LOST_AFTER = timedelta(minutes=15)  # longer than one may take
NOTHING = Verdict.NOT_EVALUATED.value
LOOK_AGAIN = timedelta(minutes=1)  # whether people merged it
ENGINE = Actor.system("repairs")
Status = Change.Status


def carries(change_id: int) -> bool:
    """Whether it is a Change that is carried through here, and by no run."""
    return _ours().filter(pk=change_id).exists()


def left_lying() -> list[int]:
    """Approved ones that may begin and did not, those begun, or applied and never looked at, by a worker that is gone, and those
    that wait for people to merge them."""
    now = timezone.now()
    free = Q(status=Status.APPROVED, decided_at__lt=now - WAKE_AFTER) & (Q(look_again_at=None) | Q(look_again_at__lte=now))
    begun = Q(status=Status.APPLYING, actions__started_at__lt=now - LOST_AFTER)
    unmerged = Q(status=Status.APPLIED, result__verification__verdict=NOTHING, look_again_at__lte=now)
    unseen = Q(
        status=Status.APPLIED, actions__kind=Action.Kind.REPAIR, applied_at__lt=now - LOST_AFTER, result__verification__isnull=True
    )
    return list(
        _ours().filter(free | begun | unseen | unmerged).exclude(not_before__gt=now).values_list("pk", flat=True).distinct()
    )


def carry_through(change_id: int, fence: int) -> bool:
    """Apply an approved Change that no run carries, and look whether it helped; whether it was one. Called again, it goes on."""
    change = _ours().filter(pk=change_id).first()
    if change is None or change.status not in {Status.APPROVED, Status.APPLYING, Status.APPLIED}:
        return False
    try:
        changes.apply(change_id, key=f"restore-{change_id}", fence=fence, say=_silent)
    except (Conflict, Refused):
        return True  # written down with the Change, or it is kept for later
    _follow_up(Change.objects.select_related("environment__application").get(pk=change_id))
    return True


def _follow_up(change: Change) -> None:
    """What was restored is said to be; what was repaired is looked at until it holds."""
    if change.actions.filter(kind=Action.Kind.RESTORE).exists():
        drift.mended(change)
    elif change.status == Status.APPLIED and not _is_judged(change):
        outcome = mending.verify(ENGINE, change, say=_silent)
        again = timezone.now() + LOOK_AGAIN if outcome.verdict is Verdict.NOT_EVALUATED else None
        Change.objects.filter(pk=change.pk).update(look_again_at=again)


def _is_judged(change: Change) -> bool:
    """Whether it was looked at, and there was something to be seen."""
    return bool(change.result.get("verification", {}).get("verdict", NOTHING) != NOTHING)


def _ours() -> QuerySet[Change]:
    return Change.objects.filter(run_number=None, actions__kind__in=KINDS).distinct()


def _silent(text: str, *, kind: str = "note", level: str = "info") -> None:
    """Nobody listens: what came of it is in the Change."""
