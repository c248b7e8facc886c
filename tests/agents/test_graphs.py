"""Every way through the graphs, with operations that follow a scenario."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from agents import housekeeping, runner
from agents.context import Context
from agents.models import AgentProfile, Run, RunEvent, Step
from tests.agents.fakes import FakeOperations
from workloads.changes import waiting
from workloads.evidence import Assessment
from workloads.models import Change, Environment, Window
from workloads.verdicts import Verdict

Fake = Callable[..., FakeOperations]
Start = Callable[..., Run]
CHECKS = ["code_quality", "testing", "security", "configuration", "cicd"]


def drive(run: Run, operations: FakeOperations) -> Run:
    runner.drive(run.pk, operations)
    run.refresh_from_db()
    return run


def decide(run: Run, status: str) -> None:
    assert run.waiting_for_id is not None
    Change.objects.filter(pk=run.waiting_for_id).update(status=status)
    assert housekeeping.wake_waiting_for(run.waiting_for_id) == 1


def nodes(run: Run) -> list[str]:
    return list(run.steps.order_by("pk").values_list("node", flat=True))


def test_a_good_release_is_promoted_and_every_step_is_written_down(start: Start, fake: Fake) -> None:
    run = drive(start(), fake())
    assert run.status == Run.Status.SUCCEEDED
    found = nodes(run)
    assert found[0] == "checkout"
    assert sorted(found[1:6]) == sorted(CHECKS)
    assert found[6:] == ["plan", "gate", "apply", "verify", "promote", "report"]
    assert set(run.steps.values_list("status", flat=True)) == {Step.Status.DONE}
    assert run.result["summary"] == "The end: succeeded."
    assert run.lease_expires_at is None


def test_the_events_of_a_run_are_numbered_without_gaps_in_the_order_of_time(start: Start, fake: Fake) -> None:
    run = drive(start(), fake(lines={"testing": 500}))
    numbers = list(RunEvent.objects.filter(run=run).order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, run.last_event + 1))
    said = RunEvent.objects.filter(run=run, node="testing", kind="line").order_by("number").values_list("text", flat=True)
    assert list(said) == [f"line {number} of testing" for number in range(500)]


@pytest.mark.parametrize(
    ("scenario", "status", "last"),
    [
        ({"verdicts": {"testing": "failed"}}, "stopped", ["plan", "report"]),
        ({"verdicts": {"testing": "inconclusive", "cicd": "not_evaluated"}}, "succeeded", ["promote", "report"]),
        ({"verdicts": {"security": "failed"}}, "succeeded", ["promote", "report"]),
        ({"policy": "refused"}, "refused", ["gate", "report"]),
        ({"applied": "refused"}, "refused", ["apply", "report"]),
        ({"applied": "not_switched"}, "rolled_back", ["apply", "roll_back", "report"]),
        ({"applied": "not_switched", "returned": False}, "failed", ["apply", "roll_back", "report"]),
        ({"verified": "failed"}, "rolled_back", ["verify", "roll_back", "report"]),
        ({"verified": "failed", "returned": False}, "failed", ["verify", "roll_back", "report"]),
    ],
)
def test_each_verdict_leads_where_it_should(
    scenario: dict[str, object], status: str, last: list[str], start: Start, fake: Fake
) -> None:
    run = drive(start(), fake(**scenario))
    assert (run.status, nodes(run)[-len(last) :]) == (status, last)


@pytest.mark.parametrize(("workflow", "before"), [("deploy", 8), ("rollback", 2)])
@pytest.mark.parametrize(("decision", "status"), [("approved", "succeeded"), ("rejected", "refused"), ("expired", "refused")])
def test_a_change_that_waits_parks_the_run_until_it_is_decided(
    workflow: str, before: int, decision: str, status: str, start: Start, fake: Fake
) -> None:
    operations = fake(policy="waiting")
    run = drive(start(workflow), operations)
    assert run.status == Run.Status.WAITING
    assert run.steps.get(node="approval").status == Step.Status.WAITING
    decide(run, decision)
    run = drive(run, operations)
    assert run.status == status
    assert run.steps.get(node="approval").status == Step.Status.DONE
    assert operations.calls().count("gate") == 1


@pytest.mark.parametrize(("answer", "status"), [("approved", "succeeded"), ("rejected", "rolled_back"), ("expired", "rolled_back")])
def test_an_inconclusive_verification_asks_a_person(answer: str, status: str, start: Start, fake: Fake) -> None:
    operations = fake(verified="inconclusive")
    run = drive(start(), operations)
    assert (run.status, nodes(run)[-2:]) == ("waiting", ["ask", "answer"])
    decide(run, answer)
    assert drive(run, operations).status == status


def test_a_specialist_that_is_switched_off_is_not_evaluated(start: Start, fake: Fake) -> None:
    AgentProfile.objects.filter(name="security").update(enabled=False)
    operations = fake()
    run = drive(start(), operations)
    step = run.steps.get(node="security")
    assert (step.verdict, run.result["verdicts"]["security"]) == ("not_evaluated", "not_evaluated")
    assert "security" not in operations.calls()


def test_a_profile_decides_whether_a_failure_stops_the_run(start: Start, fake: Fake) -> None:
    AgentProfile.objects.filter(name="testing").update(blocking=False)
    AgentProfile.objects.filter(name="security").update(blocking=True)
    assert drive(start(), fake(verdicts={"testing": "failed"})).status == Run.Status.SUCCEEDED
    assert drive(start(), fake(verdicts={"security": "failed"})).status == Run.Status.STOPPED


def test_an_advisory_specialist_that_breaks_is_inconclusive_and_a_blocking_one_fails_the_run(start: Start, fake: Fake) -> None:
    run = drive(start(), fake(broken=["security"]))
    assert (run.status, run.steps.get(node="security").verdict) == ("succeeded", "inconclusive")
    run = drive(start(), fake(broken=["testing"]))
    assert (run.status, run.steps.get(node="testing").status) == ("failed", "failed")
    assert "testing broke" in run.result["summary"]


def test_a_check_may_fail_by_the_word_of_whoever_asks_unless_nothing_goes_without_it(start: Start, fake: Fake) -> None:
    run = drive(start(allow_failure=["testing"]), fake(verdicts={"testing": "failed"}))
    assert (run.status, run.result["verdicts"]["testing"]) == (Run.Status.SUCCEEDED, "failed")
    assert drive(start(allow_failure=["testing"]), fake(verdicts={"code_quality": "failed"})).status == Run.Status.STOPPED
    assert drive(start(allow_failure=["cicd"]), fake(verdicts={"cicd": "failed"})).status == Run.Status.STOPPED


class Closing(FakeOperations):
    """Another window closes each time, after the gate and before anything was begun, as often as the scenario says."""

    def apply(self, context: Context, change: int) -> Assessment:
        if len([call for call in self.calls() if call == "apply"]) < self.scenario["closes"]:
            self._begin(context)
            closed(Environment.objects.get(pk=context.environment))
            return Assessment(Verdict.NOT_EVALUATED, "Closed.", data={"applied": "kept"})
        return super().apply(context, change)


def test_a_window_that_closes_just_before_it_began_parks_the_run_until_it_opens(
    environment: Environment, start: Start, tmp_path: Path
) -> None:
    operations = Closing(tmp_path / "fakes", closes=1)
    run = drive(start(), operations)
    assert (run.status, run.state, nodes(run)[-2:]) == (Run.Status.WAITING, "scheduled", ["apply", "approval"])
    housekeeping.reap()
    Window.objects.update(enabled=False)
    housekeeping.reap()
    run.refresh_from_db()
    assert run.status == Run.Status.WAITING  # not looked at before its time, unless somebody says that it is otherwise
    waiting.look_again(environment.pk)
    housekeeping.reap()
    assert drive(run, operations).status == Run.Status.SUCCEEDED
    assert operations.effects().count(f"run-{run.pk}-apply") == 1


def test_a_run_whose_window_opens_goes_on_by_itself_at_that_second(environment: Environment, start: Start, fake: Fake) -> None:
    closed(environment, seconds=6)  # long enough for a busy machine to get to the question
    run = drive(start(), fake())
    assert (run.status, nodes(run)[-1]) == (Run.Status.WAITING, "approval")
    change = run.waiting_for
    assert change is not None
    assert change.look_again_at is not None
    while timezone.now() < change.look_again_at:
        woken = housekeeping.wake_waiting_for(change.pk)
        if woken:
            assert timezone.now() >= change.look_again_at
            return
        time.sleep(0.05)
    assert housekeeping.wake_waiting_for(change.pk) == 1


def closed(environment: Environment, seconds: int = 3600) -> Window:
    """A freeze that began an hour ago and ends so many seconds from now."""
    begun = timezone.now().replace(microsecond=0) - timedelta(hours=1)
    lasting = timedelta(hours=1, seconds=seconds)
    given = {"starts_on": begun.date(), "starts_at": begun.time(), "duration": lasting, "environment": environment}
    return Window.objects.create(name="Freeze", kind="deny", **given)
