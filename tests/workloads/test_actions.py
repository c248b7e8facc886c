"""Actions: kept live by a person's word, never undone where nothing was done, unknown kinds refused."""

from __future__ import annotations

import pytest

from controlplane.core.errors import Conflict, Invalid, Refused
from controlplane.core.models import User
from tests.workloads.stage import SYSTEM, Stage, decide, kinds, quiet, stage
from workloads import actions, changes, deployments, previews
from workloads.models import Change, Deployment
from workloads.previews import Facts
from workloads.verdicts import Verdict

pytestmark = pytest.mark.django_db


def _asked(production: Stage, person: User) -> tuple[Deployment, Change]:
    """An inconclusive deployment, and the question whether to keep it."""
    change = production.propose(production.release("v1"), judged={"policy_approves": True})
    production.apply(change)
    deployment = Deployment.objects.get(change=change)
    deployments.record_verdict(SYSTEM, deployment, Verdict.INCONCLUSIVE, {"summary": "Too little traffic."})
    draft = actions.promote(deployment)
    question = changes.propose(
        SYSTEM,
        production.environment,
        "Keep v1 live",
        [draft],
        actions.preview(production.environment, [draft]),
        changes.judge(SYSTEM, production.environment, draft),
        proposers=[person],
        idempotency_key="ask",
    )
    return deployment, question


def test_an_inconclusive_release_is_kept_by_a_person_and_is_not_verified(production: Stage, alice: User, bob: User) -> None:
    deployment, question = _asked(production, alice)
    assert question.status == "waiting"
    decide(question, bob)
    production.driver.calls.clear()
    assert production.apply(question).switched
    deployment.refresh_from_db()
    assert (deployment.status, deployment.verdict, deployment.verified_at) == ("live", "inconclusive", None)
    assert kinds(production.driver.calls) == ["complete"]
    assert deployments.last_verified(production.environment) is None


def test_the_question_shows_what_was_found_and_what_a_no_means(production: Stage, alice: User) -> None:
    _, question = _asked(production, alice)
    (shown,) = previews.parse(question.preview)["actions"]
    assert shown["evidence"]["summary"] == "Too little traffic."
    assert "rolled back" in shown["what"]


def test_a_verdict_that_changes_makes_it_another_question(production: Stage, alice: User, bob: User) -> None:
    deployment, question = _asked(production, alice)
    decide(question, bob)
    deployments.record_verdict(SYSTEM, deployment, Verdict.FAILED)
    with pytest.raises(Conflict, match="has moved"):
        production.apply(question)


def test_a_first_release_that_nobody_can_judge_is_live_but_stays_a_question(production: Stage) -> None:
    production.driver.unsure = True
    change = production.propose(production.release("v1"), judged={"policy_approves": True})
    outcome = production.apply(change)
    assert (outcome.switched, outcome.verdict) == (True, Verdict.INCONCLUSIVE)
    verified = changes.verify(change.pk, say=quiet, drivers=lambda _: production.driver)
    assert (verified.verdict, verified.summary) == (Verdict.INCONCLUSIVE, "Only 404.")


def test_a_release_that_nobody_can_judge_gets_no_traffic_of_a_live_one(production: Stage) -> None:
    live = production.propose(production.release("v1"), judged={"policy_approves": True})
    production.apply(live)
    deployments.mark_live(SYSTEM, Deployment.objects.get(change=live), Verdict.PASSED)
    production.driver.unsure = True
    outcome = production.apply(production.propose(production.release("v2"), judged={"policy_approves": True}))
    assert (outcome.switched, outcome.verdict) == (False, Verdict.INCONCLUSIVE)
    assert "retire" in kinds(production.driver.calls)


@pytest.mark.parametrize("kind", ["roll_back", "promote"])
def test_what_is_never_undone_says_so(production: Stage, kind: str) -> None:
    work = actions.Work(Change(), production.environment, {}, production.driver, "k", lambda *_, **__: None)
    with pytest.raises(Refused):
        actions.effect_of(kind).undo(work)


def test_a_kind_nobody_knows_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(Invalid, match="roll_out"):
        actions.effect_of("format_disk")


def test_a_release_of_another_application_is_not_rolled_out(production: Stage) -> None:
    foreign = stage("local", "local", "bank").release("v1")
    with pytest.raises(Invalid, match="no release"):
        actions.preview(production.environment, [actions.roll_out(foreign, Facts())])


def test_undoing_a_roll_out_gives_the_traffic_back(local: Stage) -> None:
    local.live(local.release("v1"))
    before = _active(local)
    local.live(local.release("v2"))
    local.environment.refresh_from_db()
    work = actions.Work(Change.objects.latest("pk"), local.environment, {}, local.driver, "k", lambda *_, **__: None)
    assert actions.effect_of("roll_out").undo(work).switched
    assert _active(local) == before


def _active(local: Stage) -> int | None:
    local.environment.refresh_from_db()
    return local.environment.active_instance_id
