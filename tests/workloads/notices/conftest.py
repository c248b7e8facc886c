"""Receivers that run, channels and routes to them, and time that passes when a test says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from tests.workloads.notices.hooks import Receiver
from tests.workloads.notices.post_office import PostOffice
from workloads.models import Announcement, Application, Environment, Notification, NotificationChannel, NotificationRoute
from workloads.notices import announce, router, sending

KEY = "a-key-of-both-sides"


@pytest.fixture
def environment(db: None) -> Environment:
    application = Application.objects.create(name="shop", repository="/nowhere")
    return Environment.objects.create(application=application, name="production", tier="production")


@pytest.fixture
def hooks() -> Iterator[Callable[..., Receiver]]:
    begun: list[Receiver] = []

    def begin(**how: object) -> Receiver:
        begun.append(Receiver(**how).start())  # type: ignore[arg-type]
        return begun[-1]

    yield begin
    for receiver in begun:
        receiver.kill()


@pytest.fixture
def post_office(settings: Any) -> Iterator[PostOffice]:
    office = PostOffice().start()
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    yield office
    office.kill()


def channel(kind: str, address: str, name: str = "", **more: object) -> NotificationChannel:
    """A channel with a route of everything to it."""
    key = KEY if kind == "webhook" else None
    made = NotificationChannel.objects.create(
        name=name or kind, kind=kind, address=address, signing_key=key, private=True, **{"enabled": True, **more}
    )
    NotificationRoute.objects.create(name=f"to {made.name}", channel=made)
    return made


def tell(environment: Environment, kind: str = "run_failed", subject: str = "run-7", title: str = "It failed") -> Announcement:
    """Something happens."""
    with transaction.atomic():
        return announce(kind, environment, subject, title, "Because.")


def go(times: int = 1) -> None:
    """As the scheduler does, once the pauses between two attempts are over."""
    for _ in range(times):
        router.route_all()
        sending.send_due()
        let_time_pass()


def let_time_pass(by: timedelta = timedelta(hours=2)) -> None:
    """As if so much time had passed."""
    Notification.objects.filter(status="waiting").update(due_at=F("due_at") - by, asked_at=F("asked_at") - by)
    Notification.objects.filter(status="sent").update(ended_at=F("ended_at") - by)


def let_leases_run_out() -> None:
    """As a minute of waiting would."""
    Notification.objects.filter(status="sending").update(lease_expires_at=timezone.now())


def states() -> list[str]:
    """The states of all messages, oldest first."""
    return list(Notification.objects.order_by("pk").values_list("status", flat=True))
