"""Where a scaler decides how many there are: it comes with the workload, the roll-out keeps its number, it goes with its set."""

from __future__ import annotations

import json

import pytest

from tests.workloads.drivers.kubernetes.stage import ClusterStage
from workloads.adapters.kubernetes.kinds import kind_named
from workloads.foreseen import read

pytestmark = [pytest.mark.cluster, pytest.mark.django_db(transaction=True)]
NAMESPACE = "driver"
SCALED = {"web": {"replicas": None, "autoscale": {"min": 3, "max": 9}}}


def live_web(shop: ClusterStage) -> tuple[str, int]:
    """The live web workload, and how many replicas it asks for."""
    assert shop.active is not None
    [web] = shop.all("Deployment", f"timonel.dev/release={shop.active.release_id},app.kubernetes.io/component=web")
    return web["metadata"]["name"], web["spec"]["replicas"]


def scale(shop: ClusterStage, replicas: int) -> None:
    """As the controller of a scaler does it, by load."""
    body = {"spec": {"replicas": replicas}}
    name = live_web(shop)[0]
    shop.kube.patch(kind_named("Deployment"), name, shop.namespace, body, manager="kube-controller-manager", part="scale")


@pytest.mark.parametrize(
    "strategy", ["rolling", *(pytest.param(name, marks=pytest.mark.slow) for name in ("blue_green", "canary"))]
)
def test_a_scaler_comes_with_its_workload_and_its_number_stays(shop: ClusterStage, strategy: str) -> None:
    shop.strategy(strategy)
    shop.options(processes=SCALED, rollout={"steps": [34]})
    assert shop.deploy(shop.release("v1")).switched
    assert live_web(shop)[1] == shop.selected_ready() == 3
    scale(shop, 5)
    second = shop.deploy(shop.release("v2"))
    assert second.switched, second
    name, replicas = live_web(shop)
    assert replicas == shop.selected_ready() == 5
    assert [one["spec"]["scaleTargetRef"]["name"] for one in shop.all("HorizontalPodAutoscaler")] == [name]
    back = shop.roll_back()
    assert back.switched, back
    name, replicas = live_web(shop)
    assert shop.active is not None and shop.active.release.ref == "v1"
    assert replicas == shop.selected_ready() == 5
    assert name in {one["spec"]["scaleTargetRef"]["name"] for one in shop.all("HorizontalPodAutoscaler")}


def test_the_scaler_of_a_former_set_goes_without_asking(shop: ClusterStage) -> None:
    shop.strategy("blue_green")
    shop.options(processes=SCALED)
    shop.deploy(shop.release("v1"))
    change = shop.propose(shop.release("v2"))
    found = read(dict(json.loads(bytes(change.preview))["actions"][0]["world"]))
    assert [(one.kind, one.asks) for one in found.removals] == [("HorizontalPodAutoscaler", False)]
