"""Blue-green and canary on a real cluster whose nodes run nothing."""

from __future__ import annotations

import pytest

from tests.workloads.drivers.kubernetes.stage import ClusterStage
from workloads import rollback
from workloads.models import Instance
from workloads.verdicts import Verdict

pytestmark = [pytest.mark.cluster, pytest.mark.django_db(transaction=True)]
NAMESPACE = "driver"


def selected(shop: ClusterStage) -> str | None:
    service = shop.live("Service", "shop")
    assert service is not None
    found: str | None = service["spec"]["selector"].get("timonel.dev/set")
    return found


@pytest.mark.parametrize("strategy", ["blue_green", "canary"])
def test_a_set_replaces_another_and_gives_the_traffic_back_at_once(shop: ClusterStage, strategy: str) -> None:
    shop.strategy(strategy)
    assert shop.deploy(shop.release("v1")).switched
    blue = selected(shop)
    outcome = shop.deploy(shop.release("v2"))
    assert outcome.switched and outcome.verdict is Verdict.PASSED, outcome
    green = selected(shop)
    assert green != blue
    assert shop.selected_ready() == 3
    former = Instance.objects.get(release__ref="v1")
    assert (former.wanted, former.stop_after is not None) == ("running", True)
    assert shop.roll_back().switched
    assert selected(shop) == blue
    assert shop.active == former
    assert shop.selected_ready() == 3


@pytest.mark.parametrize("strategy", ["blue_green", "canary"])
def test_a_set_that_crashes_never_gets_the_traffic(shop: ClusterStage, strategy: str) -> None:
    shop.strategy(strategy)
    shop.deploy(shop.release("v1"))
    blue = selected(shop)
    shop.options(labels={"lab/outcome": "crash"})
    outcome = shop.deploy(shop.release("v2"))
    assert (outcome.switched, outcome.verdict) == (False, Verdict.FAILED)
    assert "CrashLoopBackOff" in outcome.summary, outcome
    assert selected(shop) == blue
    assert shop.selected_ready() == 3
    assert shop.active is not None and shop.active.release.ref == "v1"
    new = [item for item in shop.all("Deployment") if item["metadata"]["name"] not in {f"shop-web-{blue}"}]
    assert [item["spec"]["replicas"] for item in new] == [0]


def test_a_canary_that_nobody_can_judge_stays_where_it_is_until_a_person_says_so(shop: ClusterStage) -> None:
    shop.strategy("canary")
    shop.deploy(shop.release("v1"))
    shop.options(rollout={"metrics": [{"name": "errors", "query": "up", "at_most": 1.0}]})  # no Prometheus is connected
    change = shop.propose(shop.release("v2"))
    outcome = shop.apply(change)
    assert (outcome.switched, outcome.verdict) == (True, Verdict.INCONCLUSIVE), outcome
    assert selected(shop) is None
    instance = shop.active
    assert instance is not None and instance.release.ref == "v2"
    sizes = {item["metadata"]["name"]: item["spec"]["replicas"] for item in shop.all("Deployment")}
    assert sorted(sizes.values()) == [1, 2], sizes
    assert rollback.plan(shop.environment).target is not None


def test_rolling_gives_way_to_blue_green_and_comes_back(shop: ClusterStage) -> None:
    shop.deploy(shop.release("v1"))
    shop.strategy("blue_green")
    assert shop.deploy(shop.release("v2")).switched
    assert shop.selected_ready() == 3
    shop.strategy("rolling")
    outcome = shop.deploy(shop.release("v3"))
    assert outcome.switched, outcome
    assert shop.selected_ready() == 3
    assert selected(shop) == ""
