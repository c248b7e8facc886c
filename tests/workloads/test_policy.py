"""The policy, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from workloads import policy
from workloads.policy import Judgement, Mending, Rules, judge
from workloads.verdicts import Verdict


@dataclass(frozen=True)
class Operation:
    kinds: tuple[str, ...]
    reason: str = "orders.0007: Remove the field total. The running release reads it."


SAFE, LOCKS = Operation(("safe_online",)), Operation(("locks",), "orders.0008: Add an index. It blocks writes.")
BREAKS, FINAL = Operation(("breaks_old_code",)), Operation(("irreversible",), "orders.0009: Run Python. It has no way back.")


@pytest.mark.parametrize(
    ("tier", "kind", "migrations", "approves", "quorum", "risk"),
    [
        ("local", "roll_out", [], True, 1, "low"),
        ("local", "roll_out", [FINAL], True, 1, "high"),
        ("local", "promote", [], False, 1, "medium"),
        ("staging", "roll_out", [], False, 1, "low"),
        ("staging", "roll_out", [FINAL], False, 1, "high"),
        ("staging", "roll_back", [], True, 1, "low"),
        ("production", "roll_out", [SAFE], False, 1, "low"),
        ("production", "roll_out", [SAFE, LOCKS], False, 1, "medium"),
        ("production", "roll_out", [LOCKS, FINAL], False, 2, "high"),
        ("production", "roll_back", [FINAL], True, 1, "low"),
        ("production", "promote", [], False, 1, "medium"),
    ],
)
def test_each_tier_asks_for_what_its_risk_deserves(
    tier: str, kind: str, migrations: list[Operation], approves: bool, quorum: int, risk: str
) -> None:
    found = judge(tier, kind, migrations)
    assert (found.policy_approves, found.quorum, found.risk, found.refused_because) == (approves, quorum, risk, "")
    assert found.required_role == "approver"
    assert found.reasons


@pytest.mark.parametrize("tier", ["local", "staging", "production"])
def test_a_migration_that_breaks_the_running_code_is_refused_with_the_way_to_do_it(tier: str) -> None:
    found = judge(tier, "roll_out", [SAFE, BREAKS])
    assert "breaks the code that is running" in found.refused_because
    assert "Remove the field total" in found.refused_because
    assert "expand and contract" in found.refused_because


def test_where_nothing_runs_nothing_can_break() -> None:
    found = judge("production", "roll_out", [BREAKS, LOCKS, FINAL], replaces=False)
    assert (found.refused_because, found.risk) == ("", "low")


def test_a_rollback_below_a_breaking_migration_is_refused() -> None:
    found = judge("production", "roll_back", [BREAKS])
    assert "older code cannot run" in found.refused_because
    assert "Roll forward" in found.refused_because


def test_while_automation_is_held_nothing_approves_itself() -> None:
    for kind in ("roll_out", "roll_back"):
        found = judge("local", kind, held=True)
        assert not found.policy_approves
        assert any("held" in reason for reason in found.reasons)


def test_an_environment_may_ask_for_more_than_its_tier() -> None:
    rules = Rules(quorum=3, required_role="administrator", expires_after=timedelta(minutes=5))
    found = judge("local", "roll_out", rules=rules)
    assert (found.policy_approves, found.quorum, found.required_role) == (False, 3, "administrator")
    assert found.expires_after == timedelta(minutes=5)


@pytest.mark.parametrize("verdict", [Verdict.INCONCLUSIVE, Verdict.NOT_EVALUATED, Verdict.NO_DATA])
def test_a_check_that_did_not_pass_is_named_and_is_no_low_risk(verdict: Verdict) -> None:
    found = judge("production", "roll_out", checks={"security": Verdict.PASSED, "testing": verdict})
    assert found.risk == "medium"
    assert found.reasons == (f"Testing: {verdict.label}.",)


def test_on_the_local_tier_one_person_may_work_alone() -> None:
    alone = {tier: judge(tier, "promote").proposer_may_decide for tier in ("local", "staging", "production")}
    assert alone == {"local": True, "staging": False, "production": False}


def test_judging_twice_gives_the_same() -> None:
    first: Judgement = judge("production", "roll_out", [LOCKS, FINAL], {"testing": Verdict.FAILED})
    assert first == judge("production", "roll_out", [LOCKS, FINAL], {"testing": Verdict.FAILED})


@pytest.mark.parametrize(
    ("tier", "mending", "expected"),
    [
        ("local", Mending("Scale", "low"), ("low", 1, True)),
        ("local", Mending("Free a volume", "high", reversible=False), ("high", 1, False)),
        ("local", Mending("Cordon", "low", whole_cluster=True), ("medium", 1, False)),
        ("staging", Mending("Scale", "low"), ("low", 1, False)),
        ("production", Mending("Set resources", "medium"), ("medium", 1, False)),
        ("production", Mending("Free a volume", "high", reversible=False), ("high", 2, False)),
        ("production", Mending("Restart", "low", reversible=False), ("medium", 1, False)),
        ("production", Mending("Scale", "low", unattended="Let be done."), ("low", 1, True)),
        ("production", Mending("Restart", "medium", reversible=False, unattended="Let be done."), ("medium", 1, False)),
        ("production", Mending("Cordon", "low", whole_cluster=True, unattended="Let be done."), ("medium", 1, False)),
    ],
)
def test_a_repair_has_the_risk_of_its_kind_and_asks_a_person_in_production(
    tier: str, mending: Mending, expected: tuple[str, int, bool]
) -> None:
    judged = policy.judge_repair(tier, mending)
    assert (judged.risk, judged.quorum, judged.policy_approves) == expected
    assert not policy.judge_repair(tier, mending, held=True).policy_approves
    assert judged.approves_because == (mending.unattended if judged.policy_approves else "")


def test_of_several_repairs_in_one_change_the_strictest_counts() -> None:
    easy = policy.judge_repair("production", Mending("Scale", "low", unattended="Let be done."))
    hard = policy.judge_repair("production", Mending("Free a volume", "high", reversible=False))
    assert policy.together([easy]).policy_approves
    both = policy.together([easy, hard])
    assert (both.risk, both.quorum, both.policy_approves, both.approves_because) == ("high", 2, False, "")
    assert both.reasons == ("Scale: low risk.", "Free a volume: high risk.", "It cannot be taken back by itself.")
