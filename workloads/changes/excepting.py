"""The exception: one person lets one Change begin although a window or a stop keeps it; with a reason, and recorded."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from controlplane.core import queue, rights
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid, Refused
from workloads import admission
from workloads.changes import approvals
from workloads.changes.approvals import Standing
from workloads.changes.ending import NOT_BEGUN, WAKE_UP, locked, tell
from workloads.models import Change


def except_from_windows(actor: Actor, change_id: int, *, reason: str) -> Change:
    """Let this one Change begin outside of its windows. It is no approval, and passes no lock.

    Whoever may override there, but for who asked for it or wrote it; the right is looked at again when it begins.
    Raises Invalid, Conflict, Refused or NotFound; then nothing is recorded.
    """
    if not reason.strip():
        raise Invalid("An exception needs a reason.", cure="Say in a sentence why it cannot wait.")
    with transaction.atomic():
        change = locked(actor, change_id)
        found = approvals.standing(actor)
        because = why_not(found, change)
        if because or found.person is None:
            raise Refused(because, cure="Ask somebody who may, or wait.")
        _demand_kept(change)
        change.excepted_by, change.excepted_because, change.excepted_at = found.person, reason.strip(), timezone.now()
        change.look_again_at = None
        change.save(update_fields=["excepted_by", "excepted_because", "excepted_at", "look_again_at"])
        tell(actor, "change.except", change, reason=reason.strip(), excepted_by=actor.label)
        queue.enqueue(WAKE_UP, change.pk)
    return change


def why_not(found: Standing, change: Change) -> str:
    """Why this person may not make the exception, or nothing: the rule of approvals, with the right to override."""
    if found.person is None:
        return "Only a person makes an exception."
    if not rights.within(found.override, change.environment.scopes):
        return "An exception needs the right to override."
    return approvals.own(found.person, change)


def _demand_kept(change: Change) -> None:
    if change.status not in NOT_BEGUN:
        raise Conflict(f"This change is {change.get_status_display().lower()}; it needs no exception.")
    kept = admission.keeping(change, timezone.now())
    if kept is None or not kept.closed:
        raise Conflict("No window keeps this change.", cure="Reload to see how it stands.")
