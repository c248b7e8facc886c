"""What people ask of notices: send one again, try a channel, choose what they are told themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from controlplane.core import audit, queue, rights
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, NotFound
from controlplane.core.models import User
from controlplane.core.permissions import EVERYWHERE, Verb
from workloads.models import Notification, NotificationChannel, NotificationSettings
from workloads.models.notices import Kind
from workloads.notices.announcing import TASK, announce
from workloads.notices.router import message_to_channel

Status = Notification.Status
LOG = "see what was sent to whom"


def delivery_log(actor: Actor) -> QuerySet[Notification]:
    """Every message, newest first, for whoever administers everything: it names receivers. Raises Refused."""
    rights.demand(actor, Verb.ADMINISTER, [EVERYWHERE], LOG)
    return Notification.objects.select_related("announcement__environment__application", "announcement__application", "channel")


def one(actor: Actor, number: int) -> Notification:
    """One message. Raises Refused or NotFound."""
    found = delivery_log(actor).filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no notification {number}.", cure="It may have been forgotten: they are kept for 30 days.")
    return found


def send_again(actor: Actor, number: int) -> Notification:
    """Send a message that has ended once more, with its key, so that a receiver that has it already can tell."""
    found = one(actor, number)
    with transaction.atomic():
        again: dict[str, Any] = {"due_at": timezone.now(), "asked_at": timezone.now(), "attempts": 0}
        again |= {"why": "", "put_off": "", "folded_into": None, "ended_at": None}
        if not Notification.objects.move(found.pk, Notification.ENDED, Status.WAITING, **again):
            raise Conflict("This notification is on its way already.", cure="Reload to see what became of it.")
        before = {"status": found.status}
        found.refresh_from_db()
        audit.record(actor, "notification.send_again", found, before=before, after={"status": found.status})
        queue.enqueue(TASK, found.pk)
    return found


def try_channel(actor: Actor, channel: NotificationChannel) -> Notification:
    """Send a test message to a channel, as any other is sent."""
    rights.demand(actor, Verb.ADMINISTER, [EVERYWHERE], "try channels")
    with transaction.atomic():
        title, text = f"Test message for {channel.name}", f"{actor.label} asked for it. If you can read it, the channel works."
        told = announce(Kind.TEST, None, f"channel-{channel.pk}", title, text)
        told.routed_at = timezone.now()  # to this channel and no other
        told.save(update_fields=["routed_at"])
        made = message_to_channel(told, channel)
        made.save()
        audit.record(actor, "notificationchannel.test", channel, after={"notification": made.pk})
    return made


def choose(actor: Actor, person: User, chosen: Mapping[str, Any]) -> NotificationSettings:
    """Write down what a person wants to be told, and when not."""
    with transaction.atomic():
        settings, _ = NotificationSettings.objects.select_for_update().get_or_create(person=person)
        before = {name: getattr(settings, name) for name in chosen}
        for name, value in chosen.items():
            setattr(settings, name, value)
        settings.save()
        audit.record(actor, "notificationsettings.change", settings, before=before, after=dict(chosen))
    return settings
