"""Rolling on a real cluster whose nodes run nothing: v1 to v2."""

from __future__ import annotations

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
