"""Real workers, killed: the run ends right, no effect twice, the events without a gap."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.db import InternalError, connection
from django.utils import timezone

from agents import housekeeping, runs
from agents.models import Run, RunEvent, Step
from controlplane.core import queue
from controlplane.core.actors import Actor
from controlplane.core.models import User
from controlplane.settings.addresses import IDLE_IN_TRANSACTION_SECONDS
from tests.agents.fakes import FakeOperations
from tests.agents.worker import Worker
from workloads.models import Change, Environment

Fake = Callable[..., FakeOperations]
Start = Callable[..., Run]
Begin = Callable[[FakeOperations], Worker]
SMOOTH = ["checkout", "code_quality", "testing", "security", "configuration", "cicd", "plan", "gate", "apply", "verify"]


def until(condition: Callable[[], bool], seconds: float = 60.0, each: Callable[[], object] = lambda: None) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            told = [f"{event.run_id} {event.node}: {event.text}" for event in RunEvent.objects.order_by("-at")[:20]]
            pytest.fail(f"It did not happen in time. The runs: {list(Run.objects.values_list('pk', 'status'))}, the last: {told}")
        each()
        time.sleep(0.1)


def ended(run: Run) -> bool:
    run.refresh_from_db()
    return run.status in Run.ENDED


def let_the_lease_run_out(run: Run) -> None:
    """As 15 seconds of waiting would; one test below really waits."""
    Run.objects.filter(pk=run.pk, status=Run.Status.RUNNING).update(lease_expires_at=timezone.now())


def as_beat_does() -> None:
    queue.relay()
    housekeeping.reap()


def assert_gapless(run: Run) -> None:
    numbers = list(RunEvent.objects.filter(run=run).order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, run.last_event + 1))


def assert_each_effect_once(fake: FakeOperations) -> None:
    effects = fake.effects()
    assert sorted(effects) == sorted(set(effects))


def scenario_reaching(node: str) -> dict[str, str]:
    if node in {"roll_back"}:
        return {"verified": "failed"}
    if node in {"ask", "answer"}:
        return {"verified": "inconclusive"}
    return {"policy": "waiting"} if node == "approval" else {}


POSITIONS = (
    [(node, "before") for node in [*SMOOTH, "approval", "promote", "roll_back", "ask", "answer", "report"]]
    + [(node, "after") for node in ["checkout", "cicd", "gate", "apply", "verify", "roll_back", "report"]]
    + [("apply", "inside"), ("roll_back", "inside")]
)
# One of each kind at once, all of them with `make test-slow`: each takes a worker's start and its death.
QUICK = {("checkout", "before"), ("approval", "before"), ("apply", "inside"), ("verify", "after"), ("roll_back", "inside")}


@pytest.mark.parametrize(("node", "where"), [pytest.param(*at, marks=() if at in QUICK else pytest.mark.slow) for at in POSITIONS])
def test_a_worker_killed_in_a_step_loses_nothing_and_repeats_no_effect(
    node: str, where: str, start: Start, fake: Fake, begin: Begin
) -> None:
    operations = fake(hang=f"{node}:{where}", **scenario_reaching(node))
    worker = begin(operations)
    run = start()
    until(operations.hanging)
    worker.kill()
    let_the_lease_run_out(run)
    begin(operations)

    def help_along() -> None:
        as_beat_does()
        Change.objects.filter(status=Change.Status.WAITING).update(status=Change.Status.APPROVED)

    until(lambda: ended(run), each=help_along)
    assert run.status == (Run.Status.ROLLED_BACK if node == "roll_back" else Run.Status.SUCCEEDED)
    assert_each_effect_once(operations)
    assert_gapless(run)
    lost = run.steps.filter(status=Step.Status.LOST).values_list("node", flat=True)
    assert node in lost
    assert (
        run.steps.filter(status=Step.Status.DONE).values("node").distinct().count() == run.steps.values("node").distinct().count()
    )
    repeated = {name for name in set(operations.calls()) if operations.calls().count(name) > 1}
    assert "checkout" not in repeated or node == "checkout"  # only what was lost is done again


def test_the_reaper_finds_a_killed_worker_by_its_lease_alone(start: Start, fake: Fake, begin: Begin) -> None:
    operations = fake(hang="verify:before")
    worker = begin(operations)
    run = start()
    until(operations.hanging)
    worker.kill()
    killed = time.monotonic()
    begin(operations)
    until(lambda: ended(run), each=as_beat_does)
    assert run.status == Run.Status.SUCCEEDED
    assert 5 < time.monotonic() - killed < 40
    assert_each_effect_once(operations)


def test_two_workers_never_drive_the_same_run(start: Start, fake: Fake, begin: Begin) -> None:
    operations = fake(seconds={"testing": 1.0})
    begin(operations)
    begin(operations)
    run = start()
    for _ in range(20):
        queue.enqueue("agents.drive_run", run.pk)
    until(lambda: ended(run))
    assert run.status == Run.Status.SUCCEEDED
    assert sorted(set(operations.calls())) == sorted(operations.calls())
    assert run.fence == 2  # claimed once, released once


def test_a_lost_broker_costs_nothing(start: Start, fake: Fake, begin: Begin) -> None:
    import redis

    operations = fake()
    run = start()
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    Run.objects.update(woken_at=None)
    begin(operations)
    until(lambda: ended(run), each=as_beat_does)
    assert run.status == Run.Status.SUCCEEDED


def test_a_worker_asked_to_stop_gives_its_run_back_at_once(start: Start, fake: Fake, begin: Begin) -> None:
    operations = fake(seconds={"testing": 20.0})
    worker = begin(operations)
    run = start()
    until(lambda: "testing" in operations.calls())
    worker.signal(signal.SIGTERM)
    assert worker.stopped(within=15)
    run.refresh_from_db()
    assert run.status == Run.Status.QUEUED
    (operations.folder / "scenario.json").write_text("{}")
    begin(operations)
    until(lambda: ended(run))
    assert run.status == Run.Status.SUCCEEDED
    assert operations.calls().count("checkout") == 1


def test_cancel_reaches_what_a_step_waits_for_and_cleans_up(start: Start, fake: Fake, begin: Begin, alice: User) -> None:
    operations = fake(seconds={"testing": 60.0})
    begin(operations)
    run = start()
    until(lambda: "testing" in operations.calls())
    asked = time.monotonic()
    runs.cancel(Actor.person(alice), run)
    until(lambda: ended(run))
    assert time.monotonic() - asked < 15  # about 1 s on a quiet machine
    assert run.status == Run.Status.CANCELLED
    assert run.steps.get(node="testing").status == Step.Status.CANCELLED
    assert f"run-{run.pk}-testing was told to stop" in operations.effects()
    assert f"run-{run.pk}-cancel" in operations.effects()


def test_a_paused_worker_that_wakes_after_its_lease_writes_nothing_more(start: Start, fake: Fake, begin: Begin) -> None:
    operations = fake(seconds={"verify": 2.0})
    first = begin(operations)
    run = start()
    until(lambda: "verify" in operations.calls())
    first.signal(signal.SIGSTOP)
    let_the_lease_run_out(run)
    begin(operations)
    until(lambda: ended(run), each=as_beat_does)
    events, fence = run.last_event, run.fence
    first.signal(signal.SIGCONT)
    time.sleep(4)
    run.refresh_from_db()
    assert (run.status, run.fence, run.last_event) == (Run.Status.SUCCEEDED, fence, events)
    assert run.steps.filter(node="verify").count() == 2
    assert run.steps.filter(node="promote").count() == 1
    assert_gapless(run)


def test_a_worker_paused_in_the_middle_of_a_transaction_holds_nothing_up(start: Start, fake: Fake, begin: Begin) -> None:
    operations = fake()
    run = start()
    paused = connection.copy()
    with paused.cursor() as cursor:
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION_SECONDS}s'")
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM agents_run WHERE id = %s FOR UPDATE", [run.pk])
    begin(operations)
    until(lambda: ended(run), each=as_beat_does)
    assert run.status == Run.Status.SUCCEEDED
    with pytest.raises(InternalError), paused.cursor() as cursor:
        cursor.execute("COMMIT")
    paused.close()


def test_a_decision_taken_while_the_run_parks_is_not_missed(start: Start, fake: Fake, begin: Begin, tmp_path: Path) -> None:
    operations = fake(policy="waiting")
    begin(operations)
    waiting = [start() for _ in range(5)]
    for run in waiting:
        until(lambda run=run: Change.objects.filter(run_number=run.pk).exists())  # type: ignore[misc]
        change = Change.objects.get(run_number=run.pk)
        Change.objects.filter(pk=change.pk).update(status=Change.Status.APPROVED)
        queue.enqueue("agents.change_decided", change.pk)
        until(lambda run=run: ended(run))  # type: ignore[misc]
        assert run.status == Run.Status.SUCCEEDED
    assert_each_effect_once(operations)


def test_long_runs_do_not_take_the_threads_that_hear_decisions(
    start: Start, fake: Fake, begin: Begin, environment: Environment
) -> None:
    operations = fake(policy="waiting")
    worker = begin(operations)
    parked = start()
    until(lambda: Run.objects.filter(pk=parked.pk, status=Run.Status.WAITING).exists())
    fake(seconds={"testing": 20.0})
    for number in range(6):
        other = Environment.objects.create(application=environment.application, name=f"other{number}")
        runs.start(Actor.system("test"), other, "deploy", {"ref": "v1"}, idempotency_key=f"long-{number}")
    until(lambda: Run.objects.filter(status=Run.Status.RUNNING).count() == 2)
    Change.objects.update(status=Change.Status.APPROVED)
    queue.enqueue("agents.change_decided", Change.objects.get().pk)
    until(lambda: Run.objects.filter(pk=parked.pk, waiting_for=None).exists(), seconds=15)
    worker.kill()
