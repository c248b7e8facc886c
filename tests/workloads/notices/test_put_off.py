"""Quiet hours and floods: what waits, what breaks through, what is told as one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.workloads.notices.conftest import channel, go, let_time_pass, states, tell
from tests.workloads.notices.hooks import Receiver
from workloads.models import Environment, Notification, NotificationRoute
from workloads.notices import router, sending

pytestmark = pytest.mark.django_db
Hooks = Callable[..., Receiver]


def be_quiet(*breaks_through: str) -> None:
    """From an hour ago until an hour from now."""
    now = timezone.now().replace(microsecond=0)
    begin, end = (now - timedelta(hours=1)).time(), (now + timedelta(hours=1)).time()
    NotificationRoute.objects.update(quiet_from=begin, quiet_until=end, quiet_zone="UTC", breaks_through=list(breaks_through))


def send() -> None:
    router.route_all()
    sending.send_due()


@pytest.fixture
def receiver(hooks: Hooks) -> Receiver:
    made = hooks()
    channel("webhook", made.url)
    return made


def titles(receiver: Receiver) -> list[str]:
    return [one.json["title"] for one in receiver.got]


def test_what_is_told_in_quiet_hours_waits_for_their_end(receiver: Receiver, environment: Environment) -> None:
    be_quiet()
    tell(environment)
    send()
    row = Notification.objects.get()
    assert (row.status, row.put_off, receiver.asked) == ("waiting", "quiet", 0)
    assert timedelta(minutes=59) < row.due_at - timezone.now() <= timedelta(hours=1)
    NotificationRoute.objects.update(quiet_from=None, quiet_until=None)
    let_time_pass()
    send()
    assert titles(receiver) == ["It failed"]


def test_several_of_one_subject_are_told_as_the_last_after_the_night(receiver: Receiver, environment: Environment) -> None:
    be_quiet()
    for title in ("It waits", "It is decided", "It is applied"):
        tell(environment, kind="change_decided", subject="change-1", title=title)
    tell(environment, subject="run-9", title="Another")
    send()
    NotificationRoute.objects.update(quiet_from=None, quiet_until=None)
    let_time_pass()
    send()
    assert titles(receiver) == ["It is applied (and 2 more)", "Another"]
    assert receiver.got[0].json["text"] == "Because.\n\nTold with it:\n- It waits\n- It is decided"
    assert states() == ["suppressed", "suppressed", "sent", "sent"]
    assert "Told together with a later one" in Notification.objects.order_by("pk")[0].why


def test_what_breaks_through_takes_with_it_what_was_put_off_about_the_same(receiver: Receiver, environment: Environment) -> None:
    be_quiet("incident_opened")
    tell(environment, kind="incident_resolved", subject="incident-1", title="Resolved")
    send()
    tell(environment, kind="incident_opened", subject="incident-1", title="Open again")
    send()
    assert titles(receiver) == ["Open again (and 1 more)"]


def test_a_retry_does_not_wake_anybody_up_either(receiver: Receiver, environment: Environment) -> None:
    receiver.answers = ["500"]
    tell(environment)
    send()
    be_quiet()
    let_time_pass()
    send()
    row = Notification.objects.get()
    assert (row.put_off, receiver.asked) == ("quiet", 1)


def test_a_flood_of_one_kind_is_told_as_one_after_ten(receiver: Receiver, environment: Environment) -> None:
    for number in range(60):
        tell(environment, kind="incident_opened", subject=f"incident-{number}", title=f"Incident {number}")
    tell(environment, kind="run_failed", subject="run-1", title="Another kind")
    send()
    assert len(receiver.got) == 11
    assert titles(receiver)[-1] == "Another kind"
    let_time_pass(timedelta(minutes=2))
    send()
    assert len(receiver.got) == 12
    assert titles(receiver)[-1].endswith("(and 49 more)")
    assert receiver.got[-1].json["text"].endswith("- and 39 more")
    assert Notification.objects.filter(status="suppressed", folded_into__status="sent").count() == 49


def test_of_a_subject_in_a_flood_the_later_comes_with_the_earlier(receiver: Receiver, environment: Environment) -> None:
    for number in range(12):
        tell(environment, kind="change_waiting", subject=f"change-{number}", title=f"{number} waits")
    send()
    tell(environment, kind="change_decided", subject="change-11", title="11 is decided")
    send()
    assert titles(receiver)[-1] == "11 is decided (and 1 more)"
    go(2)
    assert sorted(states()) == ["sent"] * 12 + ["suppressed"]


def test_the_day_of_attempts_begins_after_the_night(receiver: Receiver, environment: Environment) -> None:
    be_quiet()
    tell(environment)
    send()
    row = Notification.objects.get()
    assert row.asked_at == row.due_at > timezone.now()
