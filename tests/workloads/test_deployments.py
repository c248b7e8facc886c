"""Deployments: how they move, what is live, what was verified."""

from __future__ import annotations

import pytest

from controlplane.core.errors import Conflict
from controlplane.core.models import AuditEntry
from tests.workloads.stage import SYSTEM, Stage
from workloads import deployments
from workloads.models import Deployment
from workloads.verdicts import Verdict

pytestmark = pytest.mark.django_db


def _begun(local: Stage, ref: str) -> Deployment:
    change = local.propose(local.release(ref))
    local.apply(change)
    return Deployment.objects.get(change=change)


def test_a_proposal_makes_a_pending_deployment_that_knows_what_it_replaces(local: Stage) -> None:
    first = local.live(local.release("v1"))
    waiting = Deployment.objects.get(change=local.propose(local.release("v2")))
    assert (waiting.status, waiting.previous) == ("pending", first)


def test_only_a_pass_makes_it_verified(local: Stage) -> None:
    for verdict in (Verdict.INCONCLUSIVE, Verdict.NOT_EVALUATED, Verdict.NO_DATA, Verdict.FAILED):
        assert local.live(local.release(verdict), verdict).verified_at is None
    assert local.live(local.release("good"), Verdict.PASSED).verified_at is not None


def test_one_is_live_and_the_one_before_is_superseded(local: Stage) -> None:
    first, second = local.live(local.release("v1")), local.live(local.release("v2"))
    first.refresh_from_db()
    assert (first.status, second.status) == ("superseded", "live")
    assert deployments.current(local.environment) == second


def test_where_traffic_goes_is_what_is_being_verified(local: Stage) -> None:
    local.live(local.release("v1"))
    second = _begun(local, "v2")
    assert (second.status, deployments.current(local.environment)) == ("verifying", second)


def test_the_last_verified_one_was_never_taken_back(local: Stage) -> None:
    first = local.live(local.release("v1"))
    deployments.mark_rolled_back(SYSTEM, local.live(local.release("v2")))
    third = local.live(local.release("v3"))
    assert deployments.last_verified(local.environment, other_than=third) == first
    assert deployments.last_verified(local.environment) == third


def test_what_moved_on_is_not_moved_again(local: Stage) -> None:
    deployment = _begun(local, "v1")
    deployments.mark_failed(SYSTEM, deployment, Verdict.FAILED)
    with pytest.raises(Conflict, match="cannot become"):
        deployments.switched(SYSTEM, deployment)


def test_marking_it_live_twice_is_marking_it_once(local: Stage) -> None:
    deployment = _begun(local, "v1")
    for _ in range(2):
        deployments.mark_live(SYSTEM, deployment, Verdict.PASSED, {"summary": "It answers."})
    assert (Deployment.objects.get().status, Deployment.objects.get().evidence) == ("live", {"summary": "It answers."})


def test_each_move_is_in_the_audit(local: Stage) -> None:
    local.live(local.release("v1"))
    rows = AuditEntry.objects.filter(target_type="workloads.deployment").order_by("number")
    assert [row.action for row in rows] == ["deployment.create", "deployment.begin", "deployment.verifying", "deployment.live"]
