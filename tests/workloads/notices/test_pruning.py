"""What was told long ago is forgotten; what waits is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.workloads.notices.conftest import channel, go, tell
from tests.workloads.notices.hooks import Receiver
from workloads import tasks
from workloads.models import Announcement, Environment, Notification, NotificationAttempt
from workloads.notices import router

pytestmark = pytest.mark.django_db


def test_old_messages_go_with_their_attempts_and_announcements(environment: Environment) -> None:
    receiver = Receiver().start()
    channel("webhook", receiver.url)
    old, waiting, fresh = (tell(environment, subject=f"run-{number}") for number in range(3))
    go()
    Notification.objects.filter(announcement=waiting).update(status="waiting")
    for model in (Announcement, Notification):
        told = {"announcement__in": [old, waiting]} if model is Notification else {"pk__in": [old.pk, waiting.pk]}
        model._default_manager.filter(**told).update(created_at=timezone.now() - timedelta(days=31))
    tasks.prune_notices()
    assert set(Announcement.objects.all()) == {waiting, fresh}
    assert set(Notification.objects.values_list("announcement", flat=True)) == {waiting.pk, fresh.pk}
    assert NotificationAttempt.objects.count() == 2
    receiver.kill()


def test_a_message_that_five_workers_were_lost_with_does_not_hold_its_receiver_up(environment: Environment) -> None:
    receiver = Receiver().start()
    channel("webhook", receiver.url)
    poison = tell(environment, subject="run-1")
    router.route_all()
    row = Notification.objects.get(announcement=poison)
    for number in range(1, 6):
        NotificationAttempt.objects.create(notification=row, via=row.receiver, number=number, began_at=timezone.now())
    tell(environment, subject="run-1", title="The next")
    go()
    row.refresh_from_db()
    assert (row.status, "five workers" in row.why) == ("failed", True)
    assert [one.json["title"] for one in receiver.got] == ["The next"]
    receiver.kill()
