"""Real workers, killed in the middle of a message, paused past their lease, many at once."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, connections, transaction

from controlplane.core import queue
from tests.agents.worker import Worker
from tests.workloads.notices.conftest import channel, go, let_leases_run_out, states, tell
from tests.workloads.notices.hooks import Receiver
from workloads.models import Application, Environment, Notification, NotificationAttempt
from workloads.notices import claiming, router, sending

Hooks = Callable[..., Receiver]


@pytest.fixture
def environment(transactional_db: None) -> Environment:
    application = Application.objects.create(name="shop", repository="/nowhere")
    return Environment.objects.create(application=application, name="production", tier="production")


@pytest.fixture
def begin(environment: Environment) -> Iterator[Callable[[], Worker]]:
    begun: list[Worker] = []

    def next_one() -> Worker:
        begun.append(Worker(None))
        return begun[-1]

    yield next_one
    for worker in begun:
        worker.kill()


def until(condition: Callable[[], bool], seconds: float = 40.0, each: Callable[[], object] = lambda: None) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"It did not happen in time: {states()}"
        each()
        time.sleep(0.1)


def as_beat_does() -> None:
    queue.relay()
    queue.enqueue("workloads.send_notices")


def test_a_worker_killed_in_the_middle_of_a_message_loses_none(
    hooks: Hooks, environment: Environment, begin: Callable[[], Worker]
) -> None:
    receiver = hooks(answers=["200", "hang"])
    channel("webhook", receiver.url)
    worker = begin()
    for number in range(6):
        tell(environment, subject=f"run-{number}")
    until(lambda: receiver.asked == 2)
    worker.kill()
    assert states().count("sending") == 1
    begin()
    let_leases_run_out()
    until(lambda: states() == ["sent"] * 6, each=as_beat_does)
    assert set(receiver.keys.values()) == {1}
    assert len(receiver.keys) == 6
    cut_off = NotificationAttempt.objects.get(finished_at__isnull=True)
    assert cut_off.error == claiming.LOST
    assert [one.number for one in cut_off.notification.tries.all()] == [1, 2]


def test_a_worker_killed_after_the_message_arrived_sends_the_same_key_again(
    hooks: Hooks, environment: Environment, begin: Callable[[], Worker]
) -> None:
    receiver = hooks(answers=["slow"])
    channel("webhook", receiver.url)
    worker = begin()
    tell(environment)
    until(lambda: receiver.asked == 1)
    worker.signal(signal.SIGSTOP)
    until(lambda: len(receiver.got) == 1)
    worker.kill()
    let_leases_run_out()
    go()
    assert states() == ["sent"]
    assert list(receiver.keys.values()) == [2]


def test_a_worker_that_wakes_after_its_lease_writes_nothing_more(hooks: Hooks, environment: Environment) -> None:
    channel("webhook", hooks().url)
    tell(environment)
    router.route_all()
    first = claiming.claim()
    assert first is not None
    let_leases_run_out()
    assert sending.send_due() == 1
    assert not sending.send(first)
    assert states() == ["sent"]
    assert NotificationAttempt.objects.count() == 1


def test_many_workers_at_once_send_each_message_once_and_one_at_a_time_to_a_receiver(
    hooks: Hooks, environment: Environment
) -> None:
    receivers = [hooks() for _ in range(3)]
    for number, receiver in enumerate(receivers):
        channel("webhook", receiver.url, f"hook {number}")
    for number in range(9):
        tell(environment, subject="run-1", title=str(number))

    def work(_: int) -> None:
        try:
            router.route_all()
            while sending.send_due():
                pass
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    go(3)
    for receiver in receivers:
        assert [one.json["title"] for one in receiver.got] == [str(number) for number in range(9)]
    assert Notification.objects.filter(tries__number=2).count() == 0


def test_the_database_lets_one_message_at_a_time_go_to_a_receiver(hooks: Hooks, environment: Environment) -> None:
    channel("webhook", hooks().url)
    for number in range(2):
        tell(environment, subject=f"run-{number}")
    router.route_all()
    with pytest.raises(IntegrityError), transaction.atomic():
        Notification.objects.update(status="sending")


def test_no_connection_is_held_while_a_receiver_is_waited_for(hooks: Hooks, environment: Environment) -> None:
    receiver = hooks(answers=["slow"])
    channel("webhook", receiver.url)
    tell(environment)
    router.route_all()
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(_send_and_close)
        until(lambda: receiver.asked == 1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'")
            assert cursor.fetchone() == (0,)
        sent.result()
    assert states() == ["sent"]


def _send_and_close() -> None:
    sending.send_due()
    connections.close_all()
