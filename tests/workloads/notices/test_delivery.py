"""Real receivers, killed, slow, refusing: every message arrives once, in order about each subject."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.workloads.notices.conftest import channel, go, let_time_pass, states, tell
from tests.workloads.notices.hooks import Receiver
from tests.workloads.notices.post_office import PostOffice
from workloads.adapters import posting
from workloads.models import Environment, Notification, NotificationAttempt
from workloads.notices import patience, router, sending

pytestmark = pytest.mark.django_db
Hooks = Callable[..., Receiver]
TROUBLE = ["500", "503", "429", "408", "cut", "slow", "500"]


@pytest.mark.parametrize("kind", ["slack", "webhook"])
def test_every_message_arrives_once_through_every_trouble(kind: str, hooks: Hooks, environment: Environment) -> None:
    receiver = hooks(answers=[*TROUBLE])
    channel(kind, receiver.url)
    for number in range(20):
        tell(environment, subject=f"run-{number}", title=f"Run {number} failed", kind="incident_opened")
        if number == 10:
            receiver.kill()
            go(2)
            receiver.start()
    go(12)
    told = Notification.objects.filter(status="sent").count() + Notification.objects.filter(folded_into__status="sent").count()
    assert told == 20
    assert set(receiver.keys.values()) == {1}
    assert set(receiver.keys) == {str(key) for key in Notification.objects.filter(status="sent").values_list("key", flat=True)}


def test_mail_arrives_once_through_every_trouble(post_office: PostOffice, environment: Environment) -> None:
    post_office.answers = ["450", "421", "cut", "slow", "250", "451"]
    channel("email", "team@example.org")
    for number in range(8):
        tell(environment, subject=f"run-{number}")
        if number == 4:
            post_office.kill()
            go(2)
            post_office.start()
    go(10)
    assert states() == ["sent"] * 8
    assert set(post_office.keys.values()) == {1}
    assert len(post_office.keys) == 8


@pytest.mark.parametrize("kind", ["slack", "webhook"])
def test_a_message_that_arrived_without_an_answer_comes_again_with_the_same_key(
    kind: str, hooks: Hooks, environment: Environment
) -> None:
    receiver = hooks(answers=["lost"])
    channel(kind, receiver.url)
    tell(environment)
    go(2)
    assert states() == ["sent"]
    assert list(receiver.keys.values()) == [2]
    assert receiver.got[0].body == receiver.got[1].body


def test_a_letter_that_was_taken_without_an_answer_comes_again_with_the_same_message_id(
    post_office: PostOffice, environment: Environment
) -> None:
    post_office.answers = ["lost"]
    channel("email", "team@example.org")
    tell(environment)
    go(2)
    first, second = post_office.got
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.parametrize("status", ["400", "401", "403", "404", "410", "413", "302"])
def test_what_the_receiver_refuses_is_not_tried_again(status: str, hooks: Hooks, environment: Environment) -> None:
    receiver = hooks(usual=status, headers={"Location": "http://127.0.0.1:1/"})
    channel("webhook", receiver.url)
    tell(environment)
    go(3)
    assert states() == ["failed"]
    assert receiver.asked == 1
    assert "refuses" in Notification.objects.get().why


def test_a_recipient_that_the_mail_server_refuses_is_not_tried_again(post_office: PostOffice, environment: Environment) -> None:
    post_office.usual = "550-to"
    channel("email", "nobody@example.org")
    tell(environment)
    go(3)
    assert states() == ["failed"]
    assert "550" in NotificationAttempt.objects.get().error


def test_the_order_of_a_subject_is_kept_while_others_go_on(hooks: Hooks, environment: Environment) -> None:
    receiver = hooks(answers=["500"])
    channel("webhook", receiver.url)
    tell(environment, kind="change_waiting", subject="change-1", title="first")
    tell(environment, kind="change_decided", subject="change-1", title="second")
    tell(environment, kind="run_failed", subject="run-1", title="other")
    router.route_all()
    sending.send_due()
    assert [one.json["title"] for one in receiver.got] == ["other"]
    let_time_pass()
    sending.send_due()
    assert [one.json["title"] for one in receiver.got] == ["other", "first", "second"]


def test_one_that_failed_for_good_lets_the_next_go_which_says_so(hooks: Hooks, environment: Environment) -> None:
    receiver = hooks(answers=["400"])
    channel("webhook", receiver.url)
    tell(environment, kind="change_waiting", subject="change-1", title="It waits")
    tell(environment, kind="change_decided", subject="change-1", title="It is decided")
    go()
    assert states() == ["failed", "sent"]
    assert receiver.got[0].json["text"] == "Because.\n\nCould not be delivered before:\n- It waits"


def test_attempts_end_after_a_day(hooks: Hooks, environment: Environment) -> None:
    receiver = hooks(usual="500")
    channel("webhook", receiver.url)
    tell(environment)
    router.route_all()
    for _ in range(30):
        sending.send_due()
        let_time_pass(timedelta(hours=1))
    assert states() == ["failed"]
    assert 24 <= receiver.asked <= 26
    assert "after a day" in Notification.objects.get().why


def test_what_a_dead_receiver_was_owed_for_a_day_is_given_up_together(environment: Environment) -> None:
    channel("webhook", "http://127.0.0.1:9/services/closed")
    for number in range(3):
        tell(environment, subject=f"run-{number}")
    router.route_all()
    let_time_pass(timedelta(hours=25))
    sending.send_due()
    assert states() == ["failed"] * 3
    assert NotificationAttempt.objects.count() == 1


def test_a_receiver_that_does_not_answer_rests_for_all_its_messages(hooks: Hooks, environment: Environment) -> None:
    well, dead = hooks(), hooks()
    dead.kill()
    channel("webhook", dead.url, "dead")
    channel("webhook", well.url, "well")
    for number in range(5):
        tell(environment, subject=f"run-{number}")
    router.route_all()
    sending.send_due()
    assert len(well.got) == 5
    assert NotificationAttempt.objects.filter(delivered=False).count() == 1


def test_retry_after_is_kept_to_within_an_hour(hooks: Hooks, environment: Environment) -> None:
    receiver = hooks(answers=["429", "503"], headers={"Retry-After": "120"})
    channel("webhook", receiver.url)
    tell(environment)
    for _ in range(2):
        router.route_all()
        sending.send_due()
        row = Notification.objects.get()
        assert row.status == "waiting"
        ended = NotificationAttempt.objects.latest("pk").finished_at
        assert ended is not None
        assert timedelta(seconds=115) < row.due_at - ended < timedelta(seconds=125)
        let_time_pass(timedelta(minutes=3))
    assert patience.pause(1, 0.5, 1e9) == patience.LONGEST


@pytest.mark.parametrize("how", ["hang", "drip"])
def test_a_receiver_that_keeps_us_waiting_is_cut_off(how: str, hooks: Hooks) -> None:
    receiver = hooks(usual=how)
    began = time.monotonic()
    answer = posting.post(receiver.url, b"{}", {}, private=True, deadline=1.0)
    assert time.monotonic() - began < 5
    assert answer.error == "No answer within 1 seconds."
    assert answer.ended == "later"


def test_one_attempt_is_written_down_with_its_code_time_and_reason(hooks: Hooks, environment: Environment) -> None:
    receiver = hooks(answers=["500"])
    channel("slack", receiver.url)
    tell(environment)
    go(2)
    failed, delivered = NotificationAttempt.objects.order_by("pk")
    assert (failed.answer_code, failed.delivered, failed.error) == (
        500,
        False,
        "It answered 500 Internal Server Error. no_service",
    )
    assert (delivered.answer_code, delivered.delivered, delivered.error, delivered.number) == (200, True, "", 2)
    assert failed.milliseconds is not None
    assert failed.began_at < delivered.began_at
