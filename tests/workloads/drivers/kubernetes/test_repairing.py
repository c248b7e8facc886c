"""A repair on a cluster that misbehaves, or that moved on: it is done once, on what was shown, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Refused
from controlplane.core.models import User
from tests.fake_cluster import FakeCluster
from tests.workloads.drivers.kubernetes.stage import ClusterStage
from tests.workloads.stage import decide
from workloads import carrying, drift, formers, mending
from workloads.adapters.kubernetes.kinds import kind_named
from workloads.models import Change, Former, Target
from workloads.repairs import Ref, Repair

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hurried")]


def up(shop: ClusterStage, *, was: int = 0, to: int = 3) -> Repair:
    ref = Ref("Deployment", "shop-web", shop.namespace)
    return Repair("scale", ref, {"replicas": to, "was": was}, f"Scale Deployment/shop-web to {to} (it is {was})")


def edit(shop: ClusterStage, **spec: Any) -> None:
    shop.kube.patch(kind_named("Deployment"), "shop-web", shop.namespace, {"spec": spec}, manager="kubectl-edit")


def replicas(shop: ClusterStage) -> int:
    web = shop.live("Deployment", "shop-web")
    assert web is not None
    return int(web["spec"]["replicas"])


@pytest.fixture
def stopped(pretended: ClusterStage) -> ClusterStage:
    """What runs there was scaled to nothing by somebody."""
    assert pretended.deploy(pretended.release("v1")).switched
    edit(pretended, replicas=0)
    return pretended


def proposed(shop: ClusterStage, alice: User, bob: User) -> Change:
    change = mending.propose(Actor.person(alice), shop.environment, up(shop), idempotency_key="k")
    decide(change, bob)
    return change


def test_it_is_shown_approved_done_once_looked_at_and_taken_back(stopped: ClusterStage, alice: User, bob: User) -> None:
    change = mending.propose(Actor.person(alice), stopped.environment, up(stopped), idempotency_key="k")
    shown = bytes(change.preview).decode()
    assert change.status == "waiting" and "-  replicas: 0" in shown and "+  replicas: 3" in shown
    assert "the next roll-out writes what the release says again" in shown
    assert replicas(stopped) == 0, "nothing is written before it is approved"
    decide(change, bob)
    assert carrying.carry_through(change.pk, fence=1)
    change.refresh_from_db()
    assert (change.status, change.result["verification"]["verdict"]) == ("applied", "passed"), change.result
    assert replicas(stopped) == 3
    back = mending.propose_undo(Actor.person(alice), change, idempotency_key="u")
    decide(back, bob)
    assert carrying.carry_through(back.pk, fence=1)
    back.refresh_from_db()
    assert (back.status, back.result["verification"]["verdict"]) == ("applied", "passed"), back.result
    assert replicas(stopped) == 0
