"""A set that failed before it had any traffic, and whose worker died over stopping it: it is not tried once more."""

from __future__ import annotations

import pytest

from tests.fake_cluster import FakeCluster
from tests.workloads.drivers.kubernetes.stage import ClusterStage
from workloads.drivers.kubernetes import KubernetesDriver

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hurried")]


@pytest.mark.parametrize("strategy", ["blue_green", "canary"])
def test_whoever_takes_over_stops_it_and_says_why(
    pretended: ClusterStage, cluster: FakeCluster, strategy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = pretended
    shop.strategy(strategy)
    assert shop.deploy(shop.release("v1")).switched
    shop.options(labels={"lab/outcome": "crash"})
    change = shop.propose(shop.release("v2"))
    retire = KubernetesDriver.retire

    def killed(*given: object) -> None:
        retire(*given)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(KubernetesDriver, "retire", killed)
        with pytest.raises(KeyboardInterrupt):
            shop.apply(change, key="same", lease=1)
    cluster.writes.clear()
    outcome = shop.apply(change, key="same", lease=2)
    assert not outcome.switched and "did not become ready" in outcome.summary, outcome
    assert cluster.writes == []
    assert shop.selected_ready() == 3
