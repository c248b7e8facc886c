"""Whether a Change may begin in its environment now, as windows, stops and locks have it. Reads only.

A Change that runs may overrun, and what belongs to it is never kept: its automatic way back, the answer to its question. An
exception passes windows and stops, but no lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from controlplane.core import rights
from controlplane.core.actors import Actor
from controlplane.core.permissions import Verb
from workloads import windows as engine
from workloads.models import Action, Approval, Change, EnvironmentLock, Stop, Window
from workloads.timetables import Timetable, timetable

BEGUN = (Change.Status.APPLYING, Change.Status.APPLIED, Change.Status.FAILED)
READ = ("actions", "proposers", "approvals")  # to be prefetched where many Changes are looked at


@dataclass(frozen=True, slots=True)
class Kept:
    """What keeps a Change from beginning: another person's lock, what is closed, or both.

    `rows` are the windows and stops that close; none where it is outside of every window that allows. `until`: when all of that
    ends; None: nobody knows, and `searched_until` says how far was looked, if it was not to the end.
    """

    lock: EnvironmentLock | None
    closed: bool
    rows: tuple[Window | Stop, ...]
    until: datetime | None
    searched_until: datetime | None = None


def keeping(change: Change, now: datetime, table: Timetable | None = None) -> Kept | None:
    """What keeps this Change from beginning at this moment, or None. Its decision and its own moment are not looked at."""
    if carries_on(change):
        return None
    table = table or timetable(change.environment, now)
    lock = table.lock if table.lock and table.lock.holds(now) and not _is_of(change, table.lock) else None
    judged = [] if is_excepted(change) else table.judged(rollback=_is_rollback(change))
    standing = engine.standing(judged, now)
    if standing.open and lock is None:
        return None
    later = engine.standing(judged, lock.expires_at) if lock else standing
    until = lock.expires_at if lock and later.open else later.opens_at
    return Kept(lock, not standing.open, () if standing.open else table.named(standing.because), until, later.searched_until)


def begins_at(change: Change, now: datetime, table: Timetable | None = None) -> datetime | None:
    """The moment from which it may begin, its own moment included; None where nobody knows."""
    earliest = max(now, change.not_before or now)
    kept = keeping(change, earliest, table)
    return earliest if kept is None else kept.until


def carries_on(change: Change) -> bool:
    """Whether it belongs to what is under way: a way back from what its run began, or whether to keep what has the traffic."""
    actions = list(change.actions.all())
    if any(action.kind == Action.Kind.PROMOTE or action.parameters.get("automatic") for action in actions):
        return True
    if change.run_number is None or not _is_rollback(change):
        return False
    others = Change.objects.filter(run_number=change.run_number, environment=change.environment_id, status__in=BEGUN)
    return others.exclude(pk=change.pk).exists()


def is_excepted(change: Change) -> bool:
    """Whether somebody lets it begin outside of its windows, who may still override."""
    person = change.excepted_by
    return person is not None and rights.may(Actor.person(person), Verb.OVERRIDE, change.environment.scopes)


def _is_rollback(change: Change) -> bool:
    return any(action.kind == Action.Kind.ROLL_BACK for action in change.actions.all())


def _is_of(change: Change, lock: EnvironmentLock) -> bool:
    """Whether the owner of the lock asked for it, or decided for it."""
    asked = change.proposed_by == lock.owner_label or change.proposed_by.startswith(f"{lock.owner_label} (token ")
    proposed = any(person.pk == lock.owner_id for person in change.proposers.all())
    decided = any(
        taken.person_id == lock.owner_id and taken.decision != Approval.Decision.REJECT for taken in change.approvals.all()
    )
    return asked or proposed or decided
