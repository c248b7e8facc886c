"""How a Change ends without being applied: withdrawn, expired, void; and how each step of it is told."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from controlplane.core import audit, live, queue, rights
from controlplane.core.actors import Actor, ActorKind
from controlplane.core.errors import Conflict, NotFound
from controlplane.core.permissions import Verb
from workloads import deployments
from workloads.changes import waiting
from workloads.models import Change
from workloads.notices import telling

Status = Change.Status
NOT_BEGUN = (Status.WAITING, Status.APPROVED)
WAKE_UP = "agents.change_decided"
PROPOSE_AGAIN = "Ask for it again: the new proposal shows what would be done now."


def cancel(actor: Actor, change_id: int, reason: str) -> Change:
    """Withdraw a Change that was not begun: whoever may run things there, or the run itself."""
    with transaction.atomic():
        change = locked(actor, change_id)
        if actor.kind != ActorKind.SYSTEM:
            rights.demand(actor, Verb.RUN, change.environment.scopes, str(change.environment))
        end(actor, change, Status.CANCELLED, "change.cancel", reason)
    return change


def expire_due(now: datetime | None = None) -> int:
    """End every Change whose time is over, as rejected; return how many."""
    due = Change.objects.filter(status__in=NOT_BEGUN, expires_at__lte=now or timezone.now())
    return sum(expire(pk, now) for pk in due.values_list("pk", flat=True))


def expire(change_id: int, now: datetime | None = None) -> bool:
    """End one Change if its time is over. What is approved, and kept only by a window, a stop or a lock, gets more of it."""
    late = Change.objects.filter(pk=change_id, status__in=NOT_BEGUN, expires_at__lte=now or timezone.now())
    with transaction.atomic():
        change = late.select_for_update(of=("self",)).select_related("environment__application").first()
        if change is None or waiting.is_kept(change, now or timezone.now()):
            return False
        end(Actor.system("expiry"), change, Status.EXPIRED, "change.expire", "Nobody carried it through in time: rejected.")
    return True


def locked(actor: Actor, change_id: int) -> Change:
    """The Change, locked for this transaction, if the actor may see it."""
    found = Change.objects.select_for_update(of=("self",)).select_related("environment__application")
    change = found.filter(pk=change_id).first()
    if change is None or not rights.may(actor, Verb.VIEW, change.environment.scopes):
        raise NotFound(f"There is no change {change_id}, or you may not see it.")
    return change


def end(actor: Actor, change: Change, status: str, action: str, reason: str) -> None:
    """Close a Change that was not begun, with its deployment, and wake up whoever waits for it."""
    result = {**change.result, "outcome": {"summary": reason}}
    if not Change.objects.move(change.pk, NOT_BEGUN, status, decided_at=timezone.now(), result=result):
        raise Conflict(f"This change is {change.get_status_display().lower()} already.", cure="Reload to see what became of it.")
    change.refresh_from_db()
    deployments.cancel(actor, change)
    tell(actor, action, change, reason=reason)
    queue.enqueue(WAKE_UP, change.pk)


def tell(actor: Actor, action: str, change: Change, *, reason: str = "", **after: str | None) -> None:
    """Write the step into the audit, with what else it left behind, and ring for whoever watches."""
    left = {"status": change.status, **after}
    audit.record(actor, action, change, after=left, reason=reason, change_sha256=change.preview_sha256)
    telling.of_change(actor, action, change, reason)
    live.ring(f"change-{change.pk}", change=change.pk)
    live.ring("inbox", change=change.pk)
