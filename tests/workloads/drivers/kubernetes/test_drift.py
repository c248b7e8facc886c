"""Drift on a real cluster: made by kubectl, found, shown with who did it, mended after approval, and kept as history."""

from __future__ import annotations

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import User
from tests.workloads.drivers.kubernetes.stage import ClusterStage
from tests.workloads.stage import decide
from workloads import carrying, drift
from workloads.adapters.kubernetes.kinds import Json, kind_named
from workloads.models import Change, Drift

pytestmark = [pytest.mark.cluster, pytest.mark.django_db(transaction=True)]
NAMESPACE = "driver"


def edit(shop: ClusterStage, kind: str, name: str, change: Json) -> None:
    shop.kube.patch(kind_named(kind), name, shop.namespace, change, manager="kubectl-edit")


def with_variable(shop: ClusterStage, name: str, value: str) -> None:
    web = shop.live("Deployment", "shop-web")
    assert web is not None
    [container] = web["spec"]["template"]["spec"]["containers"]
    container["env"].append({"name": name, "value": value})
    edit(shop, "Deployment", "shop-web", {"spec": {"template": {"spec": {"containers": [container]}}}})


def test_what_others_changed_is_found_shown_and_mended_after_approval(shop: ClusterStage, alice: User, bob: User) -> None:
    shop.deploy(shop.release("v1"))
    assert drift.look(shop.environment) is None
    edit(shop, "Deployment", "shop-web", {"spec": {"replicas": 7}})
    edit(shop, "Service", "shop", {"spec": {"selector": {"app.kubernetes.io/component": "nothing"}}})
    with_variable(shop, "DEBUG", "1")
    found = drift.look(shop.environment)
    assert found is not None
    shown = {one.title: one for one in drift.shown(found).differences}
    assert sorted(shown) == ["Deployment/shop-web", "Service/shop"]
    assert "-  replicas: 7" in shown["Deployment/shop-web"].diff and "+  replicas: 3" in shown["Deployment/shop-web"].diff
    assert "DEBUG" in shown["Deployment/shop-web"].diff
    assert any(clash.manager.startswith("kubectl-edit") for clash in shown["Deployment/shop-web"].clashes)
    assert drift.look(shop.environment) == found, "seen again it is the same"

    change = drift.propose_restore(Actor.person(alice), found)
    assert change.status == "waiting"
    web = shop.live("Deployment", "shop-web")
    assert web is not None and web["spec"]["replicas"] == 7, "nothing is corrected without approval"
    decide(change, bob)
    assert carrying.carry_through(change.pk, fence=1)
    change.refresh_from_db()
    assert change.status == "applied", change.result
    web, service = shop.live("Deployment", "shop-web"), shop.live("Service", "shop")
    assert web is not None and service is not None
    assert web["spec"]["replicas"] == 3
    assert "DEBUG" not in [one["name"] for one in web["spec"]["template"]["spec"]["containers"][0]["env"]]
    assert service["spec"]["selector"]["app.kubernetes.io/component"] == "web"
    assert [one.status for one in Drift.objects.all()] == ["mended"]


def test_what_is_removed_is_found_and_ignored_fields_are_not(shop: ClusterStage) -> None:
    shop.deploy(shop.release("v1"))
    shop.options(drift={"ignore": ["Deployment/shop-web:spec.replicas", "*:metadata.labels.team"]})
    edit(shop, "Deployment", "shop-web", {"spec": {"replicas": 5}, "metadata": {"labels": {"team": "blue"}}})
    assert drift.look(shop.environment) is None
    shop.kube.delete(kind_named("Service"), "shop", shop.namespace)
    found = drift.look(shop.environment)
    assert found is not None
    assert [(one.title, one.what) for one in drift.shown(found).differences] == [("Service/shop", "create")]


def test_a_drift_that_went_further_is_not_mended_by_the_old_approval(shop: ClusterStage, alice: User, bob: User) -> None:
    shop.deploy(shop.release("v1"))
    edit(shop, "Deployment", "shop-web", {"spec": {"replicas": 7}})
    found = drift.look(shop.environment)
    assert found is not None
    change = drift.propose_restore(Actor.person(alice), found)
    decide(change, bob)
    edit(shop, "Deployment", "shop-web", {"spec": {"replicas": 9}})
    carrying.carry_through(change.pk, fence=1)
    assert Change.objects.get(pk=change.pk).status == "cancelled"
    web = shop.live("Deployment", "shop-web")
    assert web is not None and web["spec"]["replicas"] == 9
