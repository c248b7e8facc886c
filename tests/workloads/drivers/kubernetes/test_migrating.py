"""A migration that was given up does not run later by itself; the next attempt of the same release runs it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.workloads.drivers.kubernetes.stage import MIGRATE, ClusterStage
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.kinds import kind_named

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
NAMESPACE = "driver"
NODE = kind_named("Node")


@pytest.fixture
def label(kube: Client, namespace: str) -> Iterator[str]:
    """A label that no node has yet; none has it afterwards."""
    name = f"test.timonel.dev/{namespace}"
    yield name
    for node in kube.listing(NODE, "", labels=name).items:
        kube.patch(NODE, node["metadata"]["name"], "", {"metadata": {"labels": {name: None}}}, manager="test")


def test_what_found_no_node_is_suspended_and_resumed_by_the_next_attempt(shop: ClusterStage, kube: Client, label: str) -> None:
    shop.options(scheduling={"node_selector": {"type": "kwok", label: "yes"}})
    release = shop.release("v1", plan={"release_steps": MIGRATE})
    outcome = shop.deploy(release)
    assert not outcome.switched and "Unschedulable" in outcome.summary, outcome
    [job] = shop.all("Job")
    assert job["spec"]["suspend"] is True
    node = kube.listing(NODE, "", labels="type=kwok").items[0]["metadata"]["name"]
    kube.patch(NODE, node, "", {"metadata": {"labels": {label: "yes"}}}, manager="test")
    time.sleep(3)
    [job] = shop.all("Job")
    assert not job["status"].get("active") and not job["status"].get("succeeded"), "nobody asked for it"
    outcome = shop.deploy(release)
    assert outcome.switched, outcome
    [job] = shop.all("Job")
    assert job["status"].get("succeeded") == 1 and not job["spec"].get("suspend")
