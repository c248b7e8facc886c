"""A canary's share by the weights of an HTTPRoute, where a Gateway leads to the stable and the preview Service."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fake_cluster import FakeCluster
from tests.workloads.drivers.kubernetes.stage import ClusterStage
from workloads.foreseen import read
from workloads.verdicts import Verdict

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hurried")]
GATEWAY = "gateway.networking.k8s.io/v1"
NOBODY_CAN_TELL = {"metrics": [{"name": "errors", "query": "up", "at_most": 1.0}]}  # no Prometheus is connected


@pytest.fixture
def shop(pretended: ClusterStage, cluster: FakeCluster) -> ClusterStage:
    """A canary of two steps behind a Gateway, v1 live."""
    cluster.kinds.append({"api": GATEWAY, "kind": "HTTPRoute", "plural": "httproutes", "namespaced": True})
    pretended.options(
        hosts=["shop.example.com"],
        route={"kind": "gateway", "gateway": "public"},
        labels={"lab/outcome": "ready"},
        rollout={"interval": 1, "threshold": 4, "checks": "pods", "steps": [10, 50]},
    )
    pretended.strategy("canary")
    assert pretended.deploy(pretended.release("v1")).switched
    cluster.writes.clear()
    return pretended


def backends(route: Any) -> list[tuple[str, int]]:
    return [(one["name"], one["weight"]) for one in route["spec"]["rules"][0]["backendRefs"]]


def written(cluster: FakeCluster) -> list[list[tuple[str, int]]]:
    """The weights in the order in which they were written."""
    bodies = [write.body for write in cluster.writes if "/httproutes/" in write.path and write.method == "PATCH"]
    return [backends(body) for body in bodies if body]


def sizes(shop: ClusterStage) -> dict[str, int]:
    found = {}
    for item in shop.all("Deployment"):
        found[item["metadata"]["labels"]["app.kubernetes.io/version"]] = item["spec"]["replicas"]
    return found


def test_the_weights_go_up_step_by_step_and_end_with_the_stable_service(shop: ClusterStage, cluster: FakeCluster) -> None:
    blue = shop.live("Service", "shop")
    outcome = shop.deploy(shop.release("v2"))
    assert (outcome.switched, outcome.verdict) == (True, Verdict.PASSED), outcome
    weights = written(cluster)
    assert weights[:2] == [[("shop", 90), ("shop-preview", 10)], [("shop", 50), ("shop-preview", 50)]]
    assert all(found == [("shop", 100)] for found in weights[2:]) and len(weights) > 2
    route, green = shop.live("HTTPRoute", "shop"), shop.live("Service", "shop")
    assert route is not None and backends(route) == [("shop", 100)]
    assert blue is not None and green is not None
    assert green["spec"]["selector"]["timonel.dev/set"] != blue["spec"]["selector"]["timonel.dev/set"]
    assert shop.selected_ready() == 3


def test_while_a_person_is_asked_the_stable_service_keeps_its_set_at_full_size(shop: ClusterStage) -> None:
    before = shop.live("Service", "shop")
    shop.options(rollout=NOBODY_CAN_TELL)
    outcome = shop.deploy(shop.release("v2"))
    assert (outcome.switched, outcome.verdict) == (True, Verdict.INCONCLUSIVE), outcome
    route, after = shop.live("HTTPRoute", "shop"), shop.live("Service", "shop")
    assert route is not None and backends(route) == [("shop", 90), ("shop-preview", 10)]
    assert before is not None and after is not None
    assert after["spec"]["selector"] == before["spec"]["selector"]
    assert sizes(shop) == {"v1": 3, "v2": 1}


def test_a_no_gives_all_requests_back_by_the_route(shop: ClusterStage) -> None:
    shop.options(rollout=NOBODY_CAN_TELL)
    shop.deploy(shop.release("v2"))
    assert shop.roll_back().switched
    route = shop.live("HTTPRoute", "shop")
    assert route is not None and backends(route) == [("shop", 100)]
    assert shop.active is not None and shop.active.release.ref == "v1"
    assert sizes(shop) == {"v1": 3, "v2": 0}


def test_a_canary_that_crashes_is_never_in_the_route(shop: ClusterStage, cluster: FakeCluster) -> None:
    shop.options(labels={"lab/outcome": "crash"})
    outcome = shop.deploy(shop.release("v2"))
    assert (outcome.switched, outcome.verdict) == (False, Verdict.FAILED), outcome
    assert all(found == [("shop", 100)] for found in written(cluster))
    assert shop.selected_ready() == 3


def test_the_preview_names_the_steps_and_leaves_the_route_as_it_ends(shop: ClusterStage) -> None:
    change = shop.propose(shop.release("v2"))
    found = read(json.loads(bytes(change.preview))["actions"][0]["world"])
    assert any("gets 10 %, 50 % of the traffic" in step for step in found.steps)
    routes = [one.diff for one in found.differences if one.kind == "HTTPRoute"]
    assert not any("shop-preview" in diff for diff in routes)
