"""Two hundred replicas by each strategy, and back: configuration and image return together."""

from __future__ import annotations

import time

import pytest

from tests.workloads.drivers.kubernetes.stage import ClusterStage

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600), pytest.mark.django_db(transaction=True)]
NAMESPACE = "driver"
MANY = 200


@pytest.mark.parametrize(
    "strategy", ["blue_green", *(pytest.param(name, marks=pytest.mark.slow) for name in ("rolling", "canary"))]
)
def test_two_hundred_replicas_move_on_and_return(shop: ClusterStage, strategy: str) -> None:
    shop.strategy(strategy)
    web = {"replicas": MANY, "cpu": "1m", "memory": "16Mi"}
    shop.options(processes={"web": web}, rollout={"interval": 5, "threshold": 6, "steps": [10, 50]})
    assert shop.deploy(shop.release("v1")).switched
    began = time.monotonic()
    outcome = shop.deploy(shop.release("v2"))
    assert outcome.switched, outcome
    print(f"{strategy}: v1 -> v2 with {MANY} replicas in {time.monotonic() - began:.0f} s")
    assert shop.selected_ready() == MANY
    began = time.monotonic()
    assert shop.roll_back().switched
    print(f"{strategy}: back in {time.monotonic() - began:.0f} s")
    assert shop.selected_ready() == MANY
    active = shop.active
    assert active is not None and active.release.ref == "v1"
    pods = shop.all("Pod", "timonel.dev/release=" + str(active.release_id))
    named = {source["configMapRef"]["name"] for source in pods[0]["spec"]["containers"][0]["envFrom"] if "configMapRef" in source}
    [config] = [item for item in shop.all("ConfigMap") if item["metadata"]["name"] in named]
    assert config["data"]["GREETING"] == "v1"
    assert pods[0]["spec"]["containers"][0]["image"] == active.release.image
