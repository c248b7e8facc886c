"""From announcements to messages: one a receiver, whatever number of routes lead there."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection, transaction
from django.utils import timezone

from controlplane.core import rights
from controlplane.core.models import User
from controlplane.core.permissions import Role
from workloads.models import Announcement, Notification, NotificationChannel, NotificationRoute
from workloads.notices.routing import Told, Way, route

LOCK = 0x7113_0E1B  # any constant: one router at a time, so that messages are made in the order of announcements
AT_ONCE = 200


def route_all() -> int:
    """Make the messages of every announcement that has none yet, oldest first; return how many announcements there were."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        unrouted = Announcement.objects.filter(routed_at__isnull=True).select_related("environment", "application")
        found = list(unrouted.order_by("pk")[:AT_ONCE])
        if found:
            _make(found)
            Announcement.objects.filter(pk__in=[told.pk for told in found]).update(routed_at=timezone.now())
    return len(found)


def message_to_channel(told: Announcement, channel: NotificationChannel, way: int | None = None) -> Notification:
    """The message of an announcement to a channel, not saved."""
    return _message(told, f"channel-{channel.pk}", channel.name, channel=channel, route_id=way)


def _make(found: list[Announcement]) -> None:
    enabled = NotificationRoute.objects.filter(enabled=True, channel__enabled=True).select_related("channel").order_by("pk")
    routes = {row.pk: row for row in enabled}
    ways = [_way(row) for row in routes.values()]
    made: list[Notification] = []
    for told in found:
        taken = route(ways, _told(told))
        made += [message_to_channel(told, routes[way.route].channel, way.route) for way in taken]
        made += [_message(told, f"person-{person.pk}", person.username, person=person) for person in _people(told)]
    Notification.objects.bulk_create(made, ignore_conflicts=True)


def _people(told: Announcement) -> Iterable[User]:
    """Who chose to be told of this kind, and may see it now; asked again when it is sent."""
    place = told.environment or told.application
    chose = User.objects.filter(is_active=True, notification_settings__kinds__contains=[told.kind])
    return chose.filter(rights.holders(Role.values, place.scopes)).order_by("pk") if place else ()


def _message(told: Announcement, receiver: str, label: str, **to: object) -> Notification:
    now = timezone.now()
    what = {"announcement": told, "kind": told.kind, "subject": told.subject, "due_at": now, "asked_at": now}
    return Notification(receiver=receiver, receiver_label=label, **what, **to)


def _told(row: Announcement) -> Told:
    tier = row.environment.tier if row.environment else ""
    return Told(row.kind, row.severity, row.application_id, row.environment_id, tier)


def _way(row: NotificationRoute) -> Way:
    return Way(
        route=row.pk,
        channel=row.channel_id,
        kinds=frozenset(row.kinds),
        application=row.application_id,
        environment=row.environment_id,
        tier=row.tier,
        minimum_severity=row.minimum_severity,
    )
