"""Every way through the graph of an incident, with operations that follow a scenario."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents import housekeeping, leases, runner, runs
from agents.models import Run, Step
from controlplane.core.actors import Actor
from controlplane.core.models import User
from tests.agents.fakes import FakeOperations
from workloads.models import Change, Environment

Fake = Callable[..., FakeOperations]
Begin = Callable[..., Run]
BEFORE = ["calm", "look", "suspects", "knowledge", "remedies"]
MENDED = [*BEFORE, "gate", "apply", "verify", "watch", "recheck", "close", "report"]
_keys = itertools.count()


@pytest.fixture
def begin(environment: Environment) -> Begin:
    def ask(workflow: str = "incident") -> Run:
        asked = {"incident": 1} if workflow == "incident" else {"ref": "v1"}
        return runs.start(Actor.system("test"), environment, workflow, asked, idempotency_key=f"incident-test-{next(_keys)}")

    return ask


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


def its_time_has_come(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(resume_at=timezone.now() - timedelta(seconds=1))
    housekeeping.reap()


def test_a_pull_request_is_waited_for_at_rest_until_people_merged_it(begin: Begin, fake: Fake) -> None:
    operations = fake(verified=["not_evaluated", "not_evaluated", "passed"])
    run = drive(begin(), operations)
    assert (run.status, nodes(run)[-1]) == (Run.Status.WAITING, "verify") and run.resume_at is not None
    its_time_has_come(run)
    assert drive(run, operations).status == Run.Status.WAITING, "nobody merged it yet"
    its_time_has_come(run)
    assert drive(run, operations).status == Run.Status.SUCCEEDED
    assert nodes(run) == MENDED and operations.calls().count("apply") == 1


def test_a_repair_that_policy_approves_is_applied_verified_watched_and_closes_it(begin: Begin, fake: Fake) -> None:
    run = drive(begin(), fake())
    assert (run.status, nodes(run)) == (Run.Status.SUCCEEDED, MENDED)
    assert run.result["summary"] == "The end: succeeded."


@pytest.mark.parametrize(
    ("scenario", "status", "last"),
    [
        ({"over": True}, "succeeded", ["calm", "report"]),
        ({"offered": False}, "stopped", ["remedies", "escalate", "report"]),
        ({"policy": "none"}, "stopped", ["gate", "escalate", "report"]),
        ({"policy": "refused"}, "refused", ["gate", "escalate", "report"]),
        ({"applied": "not_switched"}, "failed", ["apply", "escalate", "report"]),
        ({"verified": "failed", "consent": "none"}, "failed", ["verify", "undo", "escalate", "report"]),
        ({"verified": "failed", "consent": "approved"}, "rolled_back", ["undo", "take_back", "escalate", "report"]),
        ({"verified": "failed", "consent": "approved", "undone": False}, "failed", ["take_back", "escalate", "report"]),
        ({"verified": "inconclusive"}, "succeeded", ["verify", "watch", "recheck", "close", "report"]),
        ({"recurred": "same", "consent": "approved"}, "rolled_back", ["recheck", "undo", "take_back", "escalate", "report"]),
        ({"recurred": "unclear"}, "stopped", ["recheck", "escalate", "report"]),
        ({"over_late": True}, "succeeded", ["recheck", "report"]),
    ],
)
def test_each_finding_leads_where_it_should(
    scenario: dict[str, Any], status: str, last: list[str], begin: Begin, fake: Fake
) -> None:
    run = drive(begin(), fake(**scenario))
    assert (run.status, nodes(run)[-len(last) :]) == (status, last)


def test_another_fault_that_comes_to_light_has_a_round_of_its_own(begin: Begin, fake: Fake) -> None:
    run = drive(begin(), fake(recurred=["other", "gone"]))
    assert (run.status, nodes(run)) == (Run.Status.SUCCEEDED, [*MENDED[:-2], *MENDED])


def test_it_does_not_go_round_for_ever(begin: Begin, fake: Fake) -> None:
    run = drive(begin(), fake(recurred="other"))
    assert (run.status, nodes(run).count("look")) == (Run.Status.STOPPED, 5)
    assert nodes(run)[-2:] == ["escalate", "report"]


@pytest.mark.parametrize(
    ("decision", "status", "last"),
    [("approved", "succeeded", "close"), ("rejected", "refused", "escalate"), ("expired", "refused", "escalate")],
)
def test_it_parks_while_people_decide(decision: str, status: str, last: str, begin: Begin, fake: Fake) -> None:
    operations = fake(policy="waiting")
    run = drive(begin(), operations)
    assert (run.status, nodes(run)[-1]) == (Run.Status.WAITING, "approval")
    decide(run, decision)
    run = drive(run, operations)
    assert (run.status, nodes(run)[-2]) == (status, last)


def test_a_change_that_became_void_is_proposed_anew_after_another_look(begin: Begin, fake: Fake) -> None:
    operations = fake(policy=["waiting", "approved"])
    run = drive(begin(), operations)
    decide(run, "cancelled")
    run = drive(run, operations)
    assert (run.status, nodes(run).count("look"), nodes(run).count("gate")) == (Run.Status.SUCCEEDED, 2, 2)


def test_what_another_run_asks_for_is_waited_for_and_then_looked_at(begin: Begin, fake: Fake) -> None:
    operations = fake(policy=["elsewhere", "none"])
    run = drive(begin(), operations)
    assert (run.status, nodes(run)[-1]) == (Run.Status.WAITING, "approval")
    decide(run, "applied")
    run = drive(run, operations)
    assert nodes(run).count("look") == 2
    assert not any("apply" in effect for effect in operations.effects())


@pytest.mark.parametrize(("answer", "status"), [("approved", "rolled_back"), ("rejected", "failed")])
def test_people_decide_whether_a_repair_that_did_not_help_is_taken_back(answer: str, status: str, begin: Begin, fake: Fake) -> None:
    operations = fake(verified="failed")
    run = drive(begin(), operations)
    assert (run.status, nodes(run)[-1]) == (Run.Status.WAITING, "consent")
    decide(run, answer)
    assert drive(run, operations).status == status


def test_while_something_is_under_way_or_watched_it_rests_and_a_deploy_goes_first(begin: Begin, fake: Fake) -> None:
    operations = fake(busy=[True, False], watching=[True, False])
    run = drive(begin(), operations)
    assert (run.status, run.state, nodes(run)) == (Run.Status.WAITING, "resting", ["calm"])
    housekeeping.reap()
    run.refresh_from_db()
    assert run.status == Run.Status.WAITING  # its time has not come
    assert drive(begin("deploy"), fake()).status == Run.Status.SUCCEEDED
    fake(busy=False, watching=[True, False])
    its_time_has_come(run)
    run = drive(run, operations)
    assert (run.state, nodes(run)[-1]) == ("resting", "watch")
    its_time_has_come(run)
    assert drive(run, operations).status == Run.Status.SUCCEEDED


def test_a_queued_deploy_goes_before_a_queued_incident_however_old(begin: Begin) -> None:
    incident, deploy, second = begin(), begin("deploy"), begin()
    assert list(leases.claimable().values_list("pk", flat=True)) == [deploy.pk]
    Run.objects.filter(pk=deploy.pk).update(status=Run.Status.CANCELLED)
    assert list(leases.claimable().values_list("pk", flat=True)) == [incident.pk]
    Run.objects.filter(pk=incident.pk).update(status=Run.Status.CANCELLED)
    assert list(leases.claimable().values_list("pk", flat=True)) == [second.pk]


def test_a_question_about_a_release_holds_a_deploy_and_no_incident(begin: Begin, fake: Fake) -> None:
    asking = drive(begin("deploy"), fake(verified="inconclusive"))
    assert asking.status == Run.Status.WAITING
    begin("deploy")
    incident = begin()
    assert list(leases.claimable().values_list("pk", flat=True)) == [incident.pk]


def test_cancelled_while_it_waits_it_withdraws_what_it_asked_for(begin: Begin, fake: Fake, alice: User) -> None:
    operations = fake(policy="waiting")
    run = drive(begin(), operations)
    runs.cancel(Actor.person(alice), run)
    run = drive(run, operations)
    assert (run.status, Change.objects.get(run_number=run.pk).status) == (Run.Status.CANCELLED, Change.Status.CANCELLED)


def test_a_retry_of_what_stopped_looks_anew(begin: Begin, fake: Fake, alice: User) -> None:
    run = drive(begin(), fake(offered=False))
    assert run.status == Run.Status.STOPPED
    run = drive(runs.retry(Actor.person(alice), run), fake(offered=True))
    assert (run.status, nodes(run).count("look")) == (Run.Status.SUCCEEDED, 2)
    assert run.steps.filter(node="look").last().status == Step.Status.DONE  # type: ignore[union-attr]
