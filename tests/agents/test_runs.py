"""Leases, fences, turns, cancel and retry."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from langchain_core.runnables import RunnableConfig

from agents import checkpoints, housekeeping, profiles, runner, runs, steps, walking
from agents.models import AgentProfile, Run, RunEvent, Step
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, LeaseLost, Refused
from controlplane.core.models import AuditEntry, OutboxMessage, User
from tests.agents.fakes import FakeOperations
from workloads.evidence import Assessment
from workloads.models import Change, Environment
from workloads.verdicts import Verdict

Fake = Callable[..., FakeOperations]
Start = Callable[..., Run]
PASSED = Assessment(Verdict.PASSED, "Good.")


def expire(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def waiting_change(run: Run) -> int:
    assert run.waiting_for_id is not None
    return run.waiting_for_id


def drive(run: Run, operations: FakeOperations) -> Run:
    runner.drive(run.pk, operations)
    run.refresh_from_db()
    return run


def test_the_same_key_finds_the_same_run_and_another_request_is_refused(environment: Environment) -> None:
    actor = Actor.system("test")
    first = runs.start(actor, environment, "deploy", {"ref": "v1"}, idempotency_key="k")
    assert runs.start(actor, environment, "deploy", {"ref": "v1"}, idempotency_key="k").pk == first.pk
    with pytest.raises(Conflict):
        runs.start(actor, environment, "rollback", {}, idempotency_key="k")
    assert OutboxMessage.objects.filter(name="agents.drive_run").count() == 1


def test_who_may_not_run_here_starts_cancels_and_retries_nothing(
    environment: Environment, mallory: User, start: Start, fake: Fake
) -> None:
    run = drive(start(), fake(broken=["testing"]))
    attempts: tuple[Callable[[], object], ...] = (
        lambda: runs.start(Actor.person(mallory), environment, "deploy", {"ref": "v1"}, idempotency_key="m"),
        lambda: runs.retry(Actor.person(mallory), run),
        lambda: runs.cancel(Actor.person(mallory), run),
    )
    for attempt in attempts:
        with pytest.raises(Refused):
            attempt()


def test_a_run_has_one_driver_and_a_lost_lease_goes_to_the_next(start: Start) -> None:
    run = start()
    first = runs.claim(run.pk, "one")
    assert first is not None
    assert runs.claim(run.pk, "two") is None
    step = steps.begin(first, "checkout")
    expire(run)
    second = runs.claim(run.pk, "two")
    assert second is not None
    assert second.fence > first.fence
    step.refresh_from_db()
    assert step.status == Step.Status.LOST


def test_a_stale_fence_writes_nothing(start: Start) -> None:
    run = start()
    stale = runs.claim(run.pk, "one")
    assert stale is not None
    step = steps.begin(stale, "checkout")
    expire(run)
    assert runs.claim(run.pk, "two") is not None
    before = Run.objects.values().get(pk=run.pk)
    assert not runs.heartbeat(stale)
    for write in (
        lambda: steps.begin(stale, "plan"),
        lambda: steps.done(stale, step, PASSED),
        lambda: runs.tell(run.pk, "hello", fence=stale.fence),
        lambda: runs.finish(stale, Run.Status.SUCCEEDED, {}),
        lambda: runs.release(stale),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert Run.objects.values().get(pk=run.pk) == before


def test_a_stale_lease_saves_no_checkpoint(start: Start) -> None:
    run = start()
    stale = runs.claim(run.pk, "one")
    assert stale is not None
    config: RunnableConfig = {"configurable": {"thread_id": f"run-{run.pk}", "checkpoint_ns": "", "checkpoint_id": "1"}}
    checkpoints.saver(stale).put_writes(config, [("commit", "abc")], "task")
    expire(run)
    assert runs.claim(run.pk, "two") is not None
    with pytest.raises(LeaseLost):
        checkpoints.saver(stale).put_writes(config, [("commit", "def")], "task")


def test_a_checkpoint_is_never_revived_into_an_object_of_ours(start: Start) -> None:
    run = start()
    lease = runs.claim(run.pk, "one")
    assert lease is not None
    serde = checkpoints.saver(lease).serde
    assert not isinstance(serde.loads_typed(serde.dumps_typed(PASSED)), Assessment)


def test_twenty_claims_at_once_give_one_lease(start: Start) -> None:
    run, leases, gate = start(), [], threading.Barrier(20)

    def claim() -> None:
        gate.wait()
        try:
            leases.append(runs.claim(run.pk, "racer"))
        finally:
            connection.close()

    threads = [threading.Thread(target=claim) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([lease for lease in leases if lease]) == 1


def test_the_second_run_of_an_environment_waits_its_turn(start: Start, fake: Fake) -> None:
    first, second, third = start(), start(), start()
    assert runs.claim(third.pk, "w") is None
    assert runs.claim(second.pk, "w") is None
    lease = runs.claim(first.pk, "w")
    assert lease is not None
    assert runs.claim(second.pk, "w") is None
    OutboxMessage.objects.all().delete()
    runs.finish(lease, Run.Status.SUCCEEDED, {"summary": "done"})
    assert OutboxMessage.objects.get(name="agents.drive_run").arguments == [second.pk]
    assert runs.claim(third.pk, "w") is None
    assert runs.claim(second.pk, "w") is not None


def test_a_parked_proposal_lets_others_pass_but_an_open_question_holds_the_environment(start: Start, fake: Fake) -> None:
    parked = drive(start(), fake(policy="waiting"))
    assert parked.status == Run.Status.WAITING
    asking = drive(start(), fake(verified="inconclusive"))
    assert asking.status == Run.Status.WAITING
    assert drive(start(), fake()).status == Run.Status.QUEUED


def test_a_rollback_is_refused_while_the_question_can_be_answered_instead(start: Start, fake: Fake) -> None:
    asking = drive(start(), fake(verified="inconclusive"))
    with pytest.raises(Conflict, match=f"Run {asking.pk} asks") as refused:
        start("rollback")
    assert f"Reject change {asking.waiting_for_id}" in refused.value.cure


def test_five_lost_workers_in_one_step_make_a_run_stuck_and_retry_frees_it(start: Start, fake: Fake, alice: User) -> None:
    run = start()
    for _ in range(runs.MAX_CLAIMS):
        assert runs.claim(run.pk, "w") is not None
        expire(run)
    assert runs.claim(run.pk, "w") is None
    run.refresh_from_db()
    assert run.status == Run.Status.STUCK
    assert run.result["cure"]
    runs.retry(Actor.person(alice), run)
    assert drive(run, fake()).status == Run.Status.SUCCEEDED


def test_progress_forgives_lost_workers(start: Start) -> None:
    run = start()
    for node in range(runs.MAX_CLAIMS + 2):
        lease = runs.claim(run.pk, "w")
        assert lease is not None
        steps.done(lease, steps.begin(lease, f"node{node}"), PASSED)
        expire(run)


def test_retry_does_only_what_failed_again(start: Start, fake: Fake, alice: User) -> None:
    run = drive(start(), fake(broken=["testing"]))
    assert run.status == Run.Status.FAILED
    operations = fake(broken=[])
    runs.retry(Actor.person(alice), run)
    assert drive(run, operations).status == Run.Status.SUCCEEDED
    calls = operations.calls()
    assert (calls.count("testing"), calls.count("checkout"), calls.count("security")) == (2, 1, 1)
    assert run.steps.filter(node="testing").count() == 2


def test_retry_of_a_stopped_run_asks_the_failed_check_again(start: Start, fake: Fake, alice: User) -> None:
    run = drive(start(), fake(verdicts={"testing": "failed"}))
    assert run.status == Run.Status.STOPPED
    operations = fake(verdicts={"testing": "passed"})
    runs.retry(Actor.person(alice), run)
    assert drive(run, operations).status == Run.Status.SUCCEEDED
    assert (operations.calls().count("testing"), operations.calls().count("security")) == (2, 1)
    assert run.result["verdicts"]["testing"] == "passed"


@pytest.mark.parametrize("scenario", [{}, {"policy": "refused"}, {"verified": "failed"}])
def test_what_came_to_an_end_is_not_retried(scenario: dict[str, str], start: Start, fake: Fake, alice: User) -> None:
    run = drive(start(), fake(**scenario))
    with pytest.raises(Conflict, match="only what failed"):
        runs.retry(Actor.person(alice), run)


def test_cancel_before_the_start_ends_the_run_at_once(start: Start, fake: Fake, alice: User) -> None:
    run = runs.cancel(Actor.person(alice), start())
    assert run.status == Run.Status.CANCELLED
    operations = fake()
    assert drive(run, operations).status == Run.Status.CANCELLED
    assert operations.calls() == []


def test_cancel_reaches_a_parked_run_and_its_change(start: Start, fake: Fake, alice: User) -> None:
    operations = fake(policy="waiting")
    run = drive(start(), operations)
    change = run.waiting_for
    assert change is not None
    runs.cancel(Actor.person(alice), run)
    assert drive(run, operations).status == Run.Status.CANCELLED
    change.refresh_from_db()
    assert change.status == Change.Status.CANCELLED
    with pytest.raises(Conflict, match="already ended"):
        runs.cancel(Actor.person(alice), run)


def test_parking_looks_at_the_change_again(start: Start, fake: Fake) -> None:
    run = drive(start(), fake(policy="waiting"))
    change_id = run.waiting_for_id
    assert change_id is not None
    runs.resume(run.pk)
    lease = runs.claim(run.pk, "w")
    assert lease is not None
    Change.objects.filter(pk=change_id).update(status=Change.Status.APPROVED)  # decided in the moment of parking
    assert not runs.wait(lease, change_id)
    run.refresh_from_db()
    assert run.status == Run.Status.RUNNING


def test_the_reaper_wakes_a_run_whose_decision_was_not_heard(start: Start, fake: Fake) -> None:
    run = drive(start(), fake(policy="waiting"))
    housekeeping.reap()
    run.refresh_from_db()
    assert run.status == Run.Status.WAITING
    Change.objects.filter(pk=waiting_change(run)).update(status=Change.Status.REJECTED)
    housekeeping.reap()
    assert drive(run, fake()).status == Run.Status.REFUSED


def test_a_run_approved_for_later_stays_parked_until_its_moment(start: Start, fake: Fake) -> None:
    run = drive(start(), fake(policy="waiting"))
    waited = Change.objects.filter(pk=waiting_change(run))
    waited.update(status=Change.Status.APPROVED, not_before=timezone.now() + timedelta(hours=1))
    assert housekeeping.wake_waiting_for(waiting_change(run)) == 0
    housekeeping.reap()
    run.refresh_from_db()
    assert (run.status, run.state) == (Run.Status.WAITING, "scheduled")
    waited.update(not_before=timezone.now())
    housekeeping.reap()
    assert drive(run, fake()).status == Run.Status.SUCCEEDED


def test_the_reaper_does_not_flood_the_queue(start: Start) -> None:
    run = start()
    OutboxMessage.objects.all().delete()
    assert housekeeping.reap() == 0  # asked for a moment ago
    Run.objects.filter(pk=run.pk).update(woken_at=timezone.now() - timedelta(minutes=1))
    assert [housekeeping.reap() for _ in range(3)] == [1, 0, 0]


def test_a_step_that_does_not_hear_is_left_behind_when_its_time_is_over(
    start: Start, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    AgentProfile.objects.filter(name="testing").update(timeout_seconds=1)
    monkeypatch.setattr(walking, "GRACE_SECONDS", 0.5)
    began = time.monotonic()
    run = drive(start(), fake(hang="testing:before"))
    assert time.monotonic() - began < 10
    assert (run.status, run.steps.get(node="testing").status) == ("failed", "failed")
    assert "not finished in its time" in run.result["summary"]
    assert run.result["cure"]


def test_every_profile_has_a_limit_and_security_is_advisory(transactional_db: None) -> None:
    assert profiles.profile("security").blocking is False
    assert profiles.profile("testing").blocking is True
    assert profiles.profile("made-later").blocking is True


def test_the_life_of_a_run_is_audited(start: Start, fake: Fake) -> None:
    run = drive(start(), fake(policy="waiting"))
    Change.objects.filter(pk=waiting_change(run)).update(status=Change.Status.APPROVED)
    housekeeping.reap()
    drive(run, fake())
    told = AuditEntry.objects.filter(target_type="agents.run", target_id=str(run.pk)).order_by("number")
    steps = [(entry.action, (entry.before or {}).get("status"), (entry.after or {}).get("status")) for entry in told]
    assert steps == [
        ("run.start", None, None),
        ("run.wait", "running", "waiting"),
        ("run.resume", "waiting", "queued"),
        ("run.succeeded", "running", "succeeded"),
    ]


def test_checkpoints_of_ended_runs_are_forgotten_and_those_that_may_go_on_are_kept(start: Start, fake: Fake) -> None:
    done, failed = drive(start(), fake()), drive(start(), fake(broken=["testing"]))
    waiting = drive(start(), fake(policy="waiting", broken=[]))
    housekeeping.prune()
    assert checkpoints.all_runs() & {done.pk, failed.pk, waiting.pk} == {failed.pk, waiting.pk}
    Change.objects.filter(pk=waiting_change(waiting)).update(status=Change.Status.APPROVED)
    housekeeping.reap()
    assert drive(waiting, fake()).status == Run.Status.SUCCEEDED


def test_state_carries_references_and_not_bulk(start: Start, fake: Fake) -> None:
    run = drive(start(), fake(policy="waiting", lines={"testing": 2000}))
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(length(blob)) FROM checkpoint_blobs WHERE thread_id = %s", [f"run-{run.pk}"])
        (size,) = cursor.fetchone()
    assert size < 20_000
    assert RunEvent.objects.filter(run=run).count() > 2000
