"""Rolling on a real cluster whose nodes run nothing: v1 to v2, never ready, back with configuration and image."""

from __future__ import annotations

import time

import pytest

from tests.workloads.drivers.kubernetes.stage import ClusterStage
from workloads.verdicts import Verdict

pytestmark = [pytest.mark.cluster, pytest.mark.django_db(transaction=True)]
NAMESPACE = "driver"


def test_the_first_release_and_the_next_one_roll_out(shop: ClusterStage) -> None:
    first = shop.deploy(shop.release("v1"))
    assert first.switched, first
    assert shop.selected_ready() == 3
    second = shop.deploy(shop.release("v2"))
    assert (second.verdict, second.switched) == (Verdict.PASSED, True), second
    web = shop.live("Deployment", "shop-web")
    assert web is not None
    assert web["status"]["availableReplicas"] == web["status"]["updatedReplicas"] == 3
    assert shop.active is not None and shop.active.release.ref == "v2"


def test_a_release_that_never_becomes_ready_returns_by_itself_in_time(shop: ClusterStage) -> None:
    shop.deploy(shop.release("v1"))
    before = shop.live("Deployment", "shop-web")
    shop.options(labels={"lab/outcome": "unready"})
    change = shop.propose(shop.release("v2"))
    began = time.monotonic()
    outcome = shop.apply(change)
    took = time.monotonic() - began
    assert (outcome.verdict, outcome.switched) == (Verdict.FAILED, False), outcome
    assert took <= 3 * 3 + 10, took
    after = shop.live("Deployment", "shop-web")
    assert before is not None and after is not None
    assert after["spec"]["template"]["spec"] == before["spec"]["template"]["spec"]
    assert after["status"]["availableReplicas"] == 3
    assert shop.active is not None and shop.active.release.ref == "v1"
