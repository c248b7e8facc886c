"""Promotion: a deploy run of exactly what was verified elsewhere."""

from __future__ import annotations

import pytest

from agents import promotion
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid, Refused
from controlplane.core.models import RoleBinding, User
from tests.workloads.stage import SYSTEM, Stage, stage
from workloads import deployments
from workloads.verdicts import Verdict

pytestmark = pytest.mark.django_db


@pytest.fixture
def staging() -> Stage:
    return stage("staging", "staging")


@pytest.fixture
def production(staging: Stage) -> Stage:
    return stage()


def operator(place: Stage) -> Actor:
    """Somebody who may run in this environment only."""
    user = User.objects.create_user("alice")
    RoleBinding.objects.create(user=user, role="operator", scope=f"environment/{place.environment.pk}")
    return Actor.person(user)


def test_the_run_is_asked_for_exactly_the_commit_and_keeps_its_name(staging: Stage, production: Stage) -> None:
    live = staging.live(staging.release("v12"))
    run = promotion.promote(operator(production), live, production.environment, idempotency_key="k")
    assert (run.workflow, run.environment, run.status) == ("deploy", production.environment, "queued")
    assert run.input == {"ref": live.release.commit, "named": "v12", "release": live.release_id}


def test_asked_twice_it_is_one_run(staging: Stage, production: Stage) -> None:
    live, alice = staging.live(staging.release("v12")), operator(production)
    first, second = (promotion.promote(alice, live, production.environment, idempotency_key="k") for _ in range(2))
    assert first == second


def test_whoever_may_not_run_in_the_target_is_refused(staging: Stage, production: Stage) -> None:
    live = staging.live(staging.release("v12"))
    with pytest.raises(Refused):
        promotion.promote(operator(staging), live, production.environment, idempotency_key="k")


def test_what_is_not_live_any_more_is_not_promoted(staging: Stage, production: Stage) -> None:
    before = staging.live(staging.release("v11"))
    staging.live(staging.release("v12"))
    before.refresh_from_db()
    with pytest.raises(Conflict, match="v11 is not live in staging any more"):
        promotion.promote(SYSTEM, before, production.environment, idempotency_key="k")


def test_what_did_not_pass_is_not_promoted(staging: Stage, production: Stage) -> None:
    live = staging.live(staging.release("v12"), Verdict.INCONCLUSIVE)
    with pytest.raises(Conflict, match="only what passed"):
        promotion.promote(SYSTEM, live, production.environment, idempotency_key="k")


def test_an_environment_of_another_application_is_invalid(staging: Stage) -> None:
    foreign = stage(application="another")
    with pytest.raises(Invalid):
        promotion.promote(SYSTEM, staging.live(staging.release("v12")), foreign.environment, idempotency_key="k")


def test_nothing_is_live_there_before_the_run_has_done_its_work(staging: Stage, production: Stage) -> None:
    promotion.promote(SYSTEM, staging.live(staging.release("v12")), production.environment, idempotency_key="k")
    assert deployments.current(production.environment) is None
