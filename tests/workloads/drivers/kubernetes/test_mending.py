"""Mending on a cluster where others write in between, or the answer to a write is lost."""

from __future__ import annotations

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import User
from tests.fake_cluster import FakeCluster
from tests.workloads.drivers.kubernetes.stage import ClusterStage
from tests.workloads.stage import decide
from workloads import carrying, drift
from workloads.adapters.kubernetes.kinds import kind_named

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hurried")]


@pytest.mark.parametrize("kind", ["conflict", "error_after", "error_before"])
def test_mending_survives(kind: str, pretended: ClusterStage, cluster: FakeCluster, alice: User, bob: User) -> None:
    shop = pretended
    assert shop.deploy(shop.release("v1")).switched
    added = {"spec": {"template": {"spec": {"hostNetwork": True}}}}
    shop.kube.patch(kind_named("Deployment"), "shop-web", shop.namespace, added, manager="kubectl-edit")
    found = drift.look(shop.environment)
    assert found is not None
    change = drift.propose_restore(Actor.person(alice), found)
    decide(change, bob)
    cluster.fault(kind, method="PUT")
    assert carrying.carry_through(change.pk, fence=1)
    change.refresh_from_db()
    assert change.status == "applied", change.result
    web = shop.live("Deployment", "shop-web")
    assert web is not None and "hostNetwork" not in web["spec"]["template"]["spec"]
    assert (kind, "PUT") in {(name, request.split()[0]) for name, request in cluster.faults.happened}
