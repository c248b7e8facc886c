"""A message made ready for its receiver, and the one place that knows which adapter speaks to whom."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from controlplane.core.errors import TimonelError
from workloads.adapters import mail, signed_post, slack
from workloads.adapters.messages import Answer, Ended, Message
from workloads.models import Notification, NotificationChannel
from workloads.notices import wording

Kind = NotificationChannel.Kind
MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Everything that sending needs, so that no row is read while the world is waited for."""

    message: Message
    how: str
    via: str
    address: str
    key: str
    private: bool
    secrets: frozenset[str]


def outgoing(row: Notification) -> Outgoing:
    """The message as it is sent, with what was folded into it and what was missed before it."""
    message, channel = message_of(row), row.channel
    if channel is None:
        return Outgoing(message, Kind.EMAIL, MAIL, row.person.email if row.person else "", "", False, frozenset())
    via = MAIL if channel.kind == Kind.EMAIL else row.receiver
    key = channel.signing_key or ""
    return Outgoing(message, channel.kind, via, channel.address or "", key, channel.private, _secrets(channel))


def sharing(via: str) -> Q:
    """The condition of messages that go the same way: to this channel, or through the mail server."""
    return Q(person__isnull=False) | Q(channel__kind=Kind.EMAIL) if via == MAIL else Q(receiver=via)


def message_of(row: Notification) -> Message:
    """The words of a message."""
    told = row.announcement
    folded = row.folded.order_by("announcement_id").values_list("announcement__title", flat=True)
    count = folded.count()
    place = told.environment
    application = place.application if place else told.application
    return Message(
        key=str(row.key),
        kind=told.kind,
        severity=told.severity,
        subject=told.subject,
        title=wording.title(told.title, count),
        text=wording.text(told.text, list(folded[: wording.MOST_NAMED]), count, _missed(row)),
        link=f"{settings.PUBLIC_URL}{told.link}",
        application=application.name if application else "",
        environment=place.name if place else "",
        tier=place.tier if place else "",
        happened_at=told.created_at,
    )


def deliver(out: Outgoing) -> Answer:
    """One attempt. Never raises for what the receiver does."""
    try:
        if out.how == Kind.SLACK:
            return slack.send(out.message, out.address, private=out.private)
        if out.how == Kind.WEBHOOK:
            now = int(timezone.now().timestamp())
            return signed_post.send(out.message, out.address, key=out.key, private=out.private, now=now)
        return mail.send(out.message, out.address)
    except TimonelError as error:
        return Answer(Ended.NEVER, error=str(error))


def _missed(row: Notification) -> list[str]:
    """The titles of those about the same that failed since the last one that arrived."""
    earlier = Notification.objects.filter(receiver=row.receiver, subject=row.subject, announcement__lt=row.announcement_id)
    ended = earlier.filter(status__in=[Notification.Status.SENT, Notification.Status.FAILED]).order_by("-announcement_id")
    titles: list[str] = []
    for status, title in ended.values_list("status", "announcement__title")[: wording.MOST_NAMED]:
        if status == Notification.Status.SENT:
            break
        titles.append(title)
    return titles[::-1]


def _secrets(channel: NotificationChannel) -> frozenset[str]:
    """What must not come out of an answer that repeats the question."""
    address, parts = channel.address or "", urlsplit(channel.address or "")
    of_path = [piece for piece in (parts.path, *parts.path.split("/"), parts.query) if len(piece) >= 8]
    key = channel.signing_key or ""
    return frozenset([*of_path, *([address] if channel.kind != Kind.EMAIL else []), *([key] if key else [])])
