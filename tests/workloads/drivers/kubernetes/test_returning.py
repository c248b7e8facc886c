"""What returns, by each strategy: image, variables and manifests together; by itself and in time, or because a person says so."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.workloads.drivers.kubernetes.stage import ClusterStage
from workloads.verdicts import Verdict

pytestmark = [pytest.mark.cluster, pytest.mark.django_db(transaction=True)]
NAMESPACE = "driver"
STRATEGIES = ["rolling", "blue_green", "canary"]
INTERVAL, THRESHOLD, MORE = 2, 3, 10  # seconds, times, seconds
PATIENT = {"interval": INTERVAL, "threshold": THRESHOLD, "steps": [34, 67]}


def served(shop: ClusterStage) -> set[tuple[str, str]]:
    """Image and greeting of every ready pod that the stable Service selects."""
    service = shop.live("Service", "shop")
    assert service is not None
    pods = shop.all("Pod", ",".join(f"{name}={value}" for name, value in service["spec"]["selector"].items()))
    configs = {item["metadata"]["name"]: item["data"] for item in shop.all("ConfigMap")}
    found = set()
    for pod in pods:
        [container] = pod["spec"]["containers"]
        told = next(configs[one["configMapRef"]["name"]] for one in container["envFrom"] if "configMapRef" in one)
        if any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", [])):
            found.add((container["image"], told["GREETING"]))
    return found


def specs(shop: ClusterStage) -> dict[str, Any]:
    """The live web workloads that have pods."""
    return {item["metadata"]["name"]: item["spec"] for item in shop.all("Deployment") if item["spec"]["replicas"]}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_release_that_never_becomes_ready_returns_by_itself_in_time(
    shop: ClusterStage, strategy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.strategy(strategy)
    shop.options(rollout=PATIENT)
    assert shop.deploy(shop.release("v1")).switched
    before, pods = specs(shop), served(shop)
    shop.options(labels={"lab/outcome": "unready"})
    change, told = shop.propose(shop.release("v2")), list[float]()
    monkeypatch.setattr(shop, "say", lambda *_, **__: told.append(time.monotonic()))
    outcome = shop.apply(change)
    took = time.monotonic() - told[0]  # since it was begun
    assert (outcome.verdict, outcome.switched) == (Verdict.FAILED, False), outcome
    assert took <= INTERVAL * THRESHOLD + MORE, took
    assert (specs(shop), served(shop)) == (before, pods)
    assert shop.selected_ready() == 3
    assert shop.active is not None and shop.active.release.ref == "v1"


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_image_and_configuration_return_together(shop: ClusterStage, strategy: str) -> None:
    shop.strategy(strategy)
    shop.options(rollout={**PATIENT, "steps": [34]})
    first, second = shop.release("v1"), shop.release("v2")
    assert shop.deploy(first).switched
    assert served(shop) == {(first.image, "v1")}
    assert shop.deploy(second).switched
    assert served(shop) == {(second.image, "v2")}
    assert shop.roll_back().switched
    assert served(shop) == {(first.image, "v1")}
    assert shop.selected_ready() == 3


@pytest.mark.slow
def test_a_canary_that_gets_no_further_leaves_its_room_to_what_ran(shop: ClusterStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quota lets no pod in any more in the middle of it: the canary's own is in the way of the one that has to return."""
    shop.strategy("canary")
    shop.options(rollout=PATIENT)
    assert shop.deploy(shop.release("v1")).switched
    change = shop.propose(shop.release("v2"))
    began: list[float] = []

    def say(text: str, **_: Any) -> None:
        if text.startswith("67 %"):
            metadata = {"name": "full", "namespace": shop.namespace}
            shop.kube.create({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": {"pods": "3"}}})
            time.sleep(1)
            began.append(time.monotonic())

    monkeypatch.setattr(shop, "say", say)
    outcome = shop.apply(change)
    assert (outcome.verdict, outcome.switched) == (Verdict.FAILED, False), outcome
    assert "exceeded quota" in outcome.summary, outcome
    assert time.monotonic() - began[0] <= INTERVAL * THRESHOLD + MORE
    assert shop.selected_ready() == 3
    assert {greeting for _, greeting in served(shop)} == {"v1"}
    assert shop.active is not None and shop.active.release.ref == "v1"
