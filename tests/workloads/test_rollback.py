"""Rolling back: to what, what migrations make of it, and when Timonel does it by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Refused
from controlplane.core.models import User
from tests.workloads.stage import SYSTEM, Stage, kinds
from workloads import changes, deployments, holds, rollback
from workloads.drivers import Outcome
from workloads.models import Change, Deployment, Environment, Incident
from workloads.previews import Facts, Migration, parse
from workloads.rollback import Situation
from workloads.verdicts import Verdict

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GOOD = Situation("roll_out", NOW - timedelta(minutes=1), settled=True, verified_target=True, held=False)
FAILED = Outcome(Verdict.FAILED, "3 of 10 requests answered 500.", switched=True, cure="Read the log.")
PASSED = Outcome(Verdict.PASSED, "It answers.", switched=True)
ADDS = Migration("orders", "0002_total", "Add field total", ("safe_online",), "orders.0002_total: Add field total.")
REMOVES = Migration("orders", "0003_drop", "Remove field sum", ("breaks_old_code",), "orders.0003_drop: Remove field sum.")


@pytest.mark.parametrize(
    ("situation", "act", "wait", "says"),
    [
        (GOOD, True, False, "can take over"),
        (replace(GOOD, kind="roll_back"), False, False, "never rolled back"),
        (replace(GOOD, failed_at=NOW - timedelta(minutes=20)), True, False, "can take over"),
        (replace(GOOD, failed_at=NOW - timedelta(minutes=20, seconds=1)), False, False, "older than 20 minutes"),
        (replace(GOOD, settled=False), False, True, "settled"),
        (replace(GOOD, verified_target=False), False, False, "Nothing was verified"),
        (replace(GOOD, held=True), False, False, "held"),
        (replace(GOOD, migrations_allow=False), False, False, "older code cannot run"),
        (replace(GOOD, settled=False, kind="roll_back"), False, False, "never rolled back"),
    ],
)
def test_the_rules_of_automatic_rollback(situation: Situation, act: bool, wait: bool, says: str) -> None:
    answer = rollback.automatic(situation, NOW)
    assert (answer.act, answer.wait) == (act, wait)
    assert says in answer.because


@pytest.mark.django_db
class TestPlan:
    def test_it_returns_to_the_last_verified_release(self, local: Stage) -> None:
        first = local.live(local.release("v1"))
        local.live(local.release("v2"), Verdict.INCONCLUSIVE)
        third = local.live(local.release("v3"))
        found = rollback.plan(local.environment)
        assert (found.current, found.target, found.possible) == (third, first, True)

    def test_where_nothing_else_was_verified_it_says_so(self, local: Stage) -> None:
        assert "Nothing runs" in rollback.plan(local.environment).impossible_because
        local.live(local.release("v1"))
        assert "No other release" in rollback.plan(local.environment).impossible_because

    def test_it_says_which_migrations_stay(self, local: Stage) -> None:
        local.live(local.release("v1"))
        _live_with(local, "v2", ADDS)
        found = rollback.plan(local.environment)
        assert found.possible
        assert "orders.0002_total" in found.sentences[0]
        assert "does not mind" in found.sentences[1]

    def test_a_breaking_migration_makes_it_impossible_by_code_alone(self, local: Stage, admin: User) -> None:
        local.live(local.release("v1"))
        _live_with(local, "v2", REMOVES)
        found = rollback.plan(local.environment)
        assert not found.possible
        assert "orders.0003_drop" in found.impossible_because
        change = rollback.propose(Actor.person(admin), local.environment, reason="It is slow.", idempotency_key="k")
        assert (change.status, "Roll forward" in change.refused_because) == ("refused", True)


@pytest.mark.django_db
class TestByAPerson:
    def test_one_click_restores_code_configuration_and_variables(self, production: Stage, alice: User) -> None:
        old = production.release("v1", configuration={"GREETING": {"value": "hello", "secret": False}})
        production.live(old)
        production.live(production.release("v2", configuration={"GREETING": {"value": "good day", "secret": False}}))
        change = rollback.propose(Actor.person(alice), production.environment, reason="It is slow.", idempotency_key="k")
        shown = parse(change.preview)["actions"][0]
        assert shown["configuration"][0]["after"] == "hello"
        assert change.status == "approved"
        assert production.apply(change).switched
        done = rollback.conclude(SYSTEM, change, PASSED)
        assert (done.release, done.status, done.kind, done.automatic) == (old, "live", "roll_back", False)
        assert [row.status for row in Deployment.objects.order_by("pk")] == ["superseded", "rolled_back", "live"]
        assert not Environment.objects.get().held_at

    def test_the_instance_before_takes_over_at_once(self, production: Stage, alice: User) -> None:
        production.live(production.release("v1"))
        production.live(production.release("v2"))
        production.driver.calls.clear()
        production.apply(rollback.propose(Actor.person(alice), production.environment, reason="Slow.", idempotency_key="k"))
        assert kinds(production.driver.calls) == ["undo"]

    def test_where_it_no_longer_runs_it_is_started_anew(self, production: Stage, alice: User) -> None:
        production.live(production.release("v1"))
        production.live(production.release("v2"))
        production.driver.calls.clear()
        production.driver.fail = {"undo": "gone"}
        change = rollback.propose(Actor.person(alice), production.environment, reason="Slow.", idempotency_key="k")
        assert production.apply(change).switched
        assert kinds(production.driver.calls) == ["undo", "stage", "switch"]

    def test_a_rollback_that_fails_leaves_what_runs_live(self, production: Stage, alice: User) -> None:
        production.live(production.release("v1"))
        second = production.live(production.release("v2"))
        production.driver.fail = {"undo": "gone", "stage": "no"}
        change = rollback.propose(Actor.person(alice), production.environment, reason="Slow.", idempotency_key="k")
        assert not production.apply(change).switched
        second.refresh_from_db()
        assert (second.status, Deployment.objects.get(change=change).status) == ("live", "failed")

    def test_a_viewer_may_not(self, production: Stage, mallory: User) -> None:
        production.live(production.release("v1"))
        with pytest.raises(Refused, match="roll back"):
            rollback.propose(Actor.person(mallory), production.environment, reason="Because.", idempotency_key="k")

    def test_without_anything_to_return_to_it_is_a_conflict_with_its_reason(self, production: Stage, alice: User) -> None:
        with pytest.raises(Conflict, match="Nothing runs"):
            rollback.propose(Actor.person(alice), production.environment, reason="Because.", idempotency_key="k")


@pytest.mark.django_db
class TestByItself:
    def test_a_failed_release_is_rolled_back_held_and_told_of(self, local: Stage) -> None:
        good = local.release("v1")
        local.live(good)
        bad = _verifying(local, "v2")
        answer = rollback.respond(SYSTEM, bad, FAILED, idempotency_key="run-1-roll_back")
        assert answer.change is not None
        assert local.apply(answer.change).switched
        done = rollback.conclude(SYSTEM, answer.change, PASSED)
        bad.refresh_from_db()
        environment, incident = Environment.objects.get(), Incident.objects.get()
        assert (bad.status, bad.verdict, done.release, done.status, done.automatic) == ("rolled_back", "failed", good, "live", True)
        assert environment.held_because == "Rolled back to v1 by itself."
        assert (incident.deployment, incident.status) == (bad, "mitigated")
        assert [row.status for row in Deployment.objects.order_by("pk")] == ["superseded", "rolled_back", "live"]

    def test_asked_twice_it_answers_the_same(self, local: Stage) -> None:
        local.live(local.release("v1"))
        bad = _verifying(local, "v2")
        first = rollback.respond(SYSTEM, bad, FAILED, idempotency_key="k")
        bad.refresh_from_db()
        assert rollback.respond(SYSTEM, bad, FAILED, idempotency_key="k").change == first.change
        assert Incident.objects.count() == 1

    def test_nothing_verified_before_it_does_nothing_and_says_so(self, local: Stage) -> None:
        bad = _verifying(local, "v1")
        answer = rollback.respond(SYSTEM, bad, FAILED, idempotency_key="k")
        bad.refresh_from_db()
        assert (answer.change, bad.status, bad.verdict, bad.verified_at) == (None, "live", "failed", None)
        assert "Nothing was verified here before" in answer.because
        assert Incident.objects.get().status == "open"

    def test_a_rollback_that_fails_is_not_rolled_back(self, local: Stage) -> None:
        local.live(local.release("v1"))
        local.live(local.release("v2"))
        change = rollback.propose(SYSTEM, local.environment, reason="x", idempotency_key="k", automatic=True)
        local.apply(change)
        failing = Deployment.objects.get(change=change)
        answer = rollback.respond(SYSTEM, failing, FAILED, idempotency_key="k2")
        assert (answer.change, "never rolled back" in answer.because) == (None, True)

    def test_an_old_failure_is_left_to_a_person(self, local: Stage) -> None:
        local.live(local.release("v1"))
        bad = _verifying(local, "v2")
        late = datetime.now(UTC) + timedelta(minutes=21)
        assert rollback.respond(SYSTEM, bad, FAILED, idempotency_key="k", now=late).change is None

    def test_it_waits_until_what_is_approved_has_settled(self, local: Stage) -> None:
        local.live(local.release("v1"))
        bad = _verifying(local, "v2")
        other = local.propose(local.release("v3"))
        answer = rollback.respond(SYSTEM, bad, FAILED, idempotency_key="k")
        bad.refresh_from_db()
        assert (answer.change, answer.wait, bad.status) == (None, True, "verifying")
        changes.cancel(SYSTEM, other.pk, "Never mind.")
        assert rollback.respond(SYSTEM, bad, FAILED, idempotency_key="k").change is not None

    def test_a_change_that_a_person_answers_for_ends_the_hold(self, local: Stage, admin: User) -> None:
        holds.hold(SYSTEM, local.environment, "Rolled back by itself.")
        local.apply(local.propose(local.release("v1"), by=admin))
        assert Environment.objects.get().held_at is None

    def test_a_person_with_the_right_to_unlock_releases_the_hold(self, local: Stage, alice: User, admin: User) -> None:
        holds.hold(SYSTEM, local.environment, "Rolled back by itself.")
        with pytest.raises(Refused, match="unlock"):
            holds.release(Actor.person(alice), local.environment, "I looked.")
        holds.release(Actor.person(admin), local.environment, "Fixed in v3.")
        assert Environment.objects.get().held_at is None
        with pytest.raises(Conflict, match="not held"):
            holds.release(Actor.person(admin), local.environment, "Again.")


@pytest.mark.django_db
def test_what_failed_while_held_stays_and_waits_for_a_person(local: Stage) -> None:
    local.live(local.release("v1"))
    bad = _verifying(local, "v2")
    holds.hold(SYSTEM, local.environment, "Rolled back by itself.")
    answer = rollback.respond(SYSTEM, Deployment.objects.get(pk=bad.pk), FAILED, idempotency_key="k")
    assert (answer.change, "held" in answer.because) == (None, True)


def _live_with(local: Stage, ref: str, migration: Migration) -> None:
    judged = {"policy_approves": True, "refused_because": ""}
    change = local.propose(local.release(ref), facts=Facts(migrations=(migration,)), judged=judged)
    local.apply(change)
    deployments.mark_live(SYSTEM, Deployment.objects.get(change=change), Verdict.PASSED)


def _verifying(local: Stage, ref: str) -> Deployment:
    change: Change = local.propose(local.release(ref))
    local.apply(change)
    return Deployment.objects.select_related("environment", "release").get(change=change)
