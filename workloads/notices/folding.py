"""Whether a message that was taken goes out now: not in quiet hours, not in a flood, not to who may not see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from controlplane.core import rights
from controlplane.core.actors import Actor
from controlplane.core.permissions import Verb
from workloads.models import Notification
from workloads.models.notices import Kind, NotificationSettings, QuietHours
from workloads.notices import quiet
from workloads.notices.claiming import behind

FLOOD = timedelta(minutes=1)
MOST_IN_A_FLOOD = 10  # of one kind to one receiver, before the rest waits to be told as one
Status, PutOff = Notification.Status, Notification.PutOff


@dataclass(frozen=True, slots=True)
class PuttingOff:
    """Until when, and why."""

    until: datetime
    why: str


def forbidden(row: Notification) -> str:
    """Why it is not sent at all, or nothing."""
    if row.receiver.startswith("person-"):
        return _forbidden_to_person(row)
    if row.channel is None:
        return "Its channel was deleted."
    return "" if row.channel.enabled else "Its channel is switched off."


def put_off(row: Notification, now: datetime) -> PuttingOff | None:
    """Until when it waits, or None where it goes out now."""
    if row.kind == Kind.TEST:
        return None
    until = quiet.ends(_hours(row), now, row.kind)
    if until is not None:
        return PuttingOff(until, PutOff.QUIET)
    told = Notification.objects.filter(receiver=row.receiver, kind=row.kind, status=Status.SENT, ended_at__gt=now - FLOOD)
    latest = list(told.order_by("-ended_at").values_list("ended_at", flat=True)[:MOST_IN_A_FLOOD])
    if len(latest) < MOST_IN_A_FLOOD or latest[-1] is None:
        return None
    return PuttingOff(latest[-1] + FLOOD, PutOff.FLOOD)


def put_off_alike(row: Notification, later: PuttingOff) -> None:
    """In a flood, put off everything of its kind at once: it will be told as one."""
    if later.why == PutOff.FLOOD:
        alike = Notification.objects.filter(receiver=row.receiver, kind=row.kind, status=Status.WAITING, put_off="", attempts=0)
        alike.exclude(pk=row.pk).update(put_off=later.why, due_at=later.until, asked_at=later.until)


def fold(row: Notification, now: datetime) -> None:
    """Have this message stand for the earlier ones about its subject that were put off; and after a flood for all of its kind."""
    waiting = Notification.objects.filter(receiver=row.receiver, status=Status.WAITING).exclude(pk=row.pk).exclude(put_off="")
    same = list(waiting.filter(subject=row.subject, announcement__lt=row.announcement_id).values_list("pk", flat=True))
    if row.put_off == PutOff.FLOOD:
        flooded = waiting.filter(kind=row.kind, put_off=PutOff.FLOOD).exclude(behind())
        same += flooded.values_list("pk", flat=True)
    if same:
        Notification.objects.filter(folded_into__in=same).update(folded_into=row.pk)
        why = f"Told together with a later one, notification {row.pk}."
        folded = Notification.objects.filter(pk__in=same, status=Status.WAITING)
        folded.update(status=Status.SUPPRESSED, why=why, folded_into=row.pk, ended_at=now)


def _forbidden_to_person(row: Notification) -> str:
    place = row.announcement.environment or row.announcement.application
    if row.person is None or not row.person.is_active:
        return "The person has no account here any more."
    if place is None or not rights.may(Actor.person(row.person), Verb.VIEW, place.scopes):
        return "The person may not see this any more."
    return "" if row.person.email else "The person has no e-mail address in their profile."


def _hours(row: Notification) -> quiet.Hours | None:
    found: QuietHours | None = row.route
    if row.person_id is not None:
        found = NotificationSettings.objects.filter(person=row.person_id).first()
    if found is None or found.quiet_from is None or found.quiet_until is None:
        return None
    return quiet.Hours(found.quiet_from, found.quiet_until, found.quiet_zone, frozenset(found.breaks_through))
