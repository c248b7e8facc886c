"""A canary's share by the weights of an HTTPRoute, on a real API: what a watch of the route sees is what was planned.

`TIMONEL_TEST_GATEWAY_API` names a folder with the definitions of the Gateway API (its `config/crd/standard`). Without it these
tests are told as not run. Definitions that a test brings go with it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from controlplane.core.errors import Refused
from tests.accounts import account
from tests.cluster import gateway_api
from tests.workloads.drivers.kubernetes.stage import ClusterStage
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.failures import Absent
from workloads.adapters.kubernetes.kinds import Json, Kind, kind_named
from workloads.models import Cluster
from workloads.verdicts import Verdict

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
NAMESPACE = "driver"
DEFINITION = Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False)
ROUTE = kind_named("HTTPRoute")
NOBODY_CAN_TELL = {"metrics": [{"name": "errors", "query": "up", "at_most": 1.0}]}  # no Prometheus is connected
Weights = list[tuple[str, int]]


@pytest.fixture
def definitions(kube: Client) -> Iterator[None]:
    """The kinds of the Gateway API on this cluster."""
    brought = []
    for file in sorted(Path(gateway_api()).glob("*.yaml")):
        for item in yaml.safe_load_all(file.read_text()):
            if item and item["kind"] == DEFINITION.name and kube.get(DEFINITION, item["metadata"]["name"]) is None:
                kube.create(item)
                brought.append(item["metadata"]["name"])
    end = time.monotonic() + 30
    while not _served(kube):
        assert time.monotonic() < end
        time.sleep(0.2)
    yield
    for name in brought:
        kube.delete(DEFINITION, name)


def _served(kube: Client) -> bool:
    try:
        kube.listing(ROUTE, "default")
    except Absent:
        return False
    return True


@pytest.fixture
def routed(definitions: None, shop: ClusterStage) -> ClusterStage:
    """A canary of two steps behind a Gateway, v1 live."""
    shop.options(
        hosts=["shop.example.com"],
        route={"kind": "gateway", "gateway": "public"},
        labels={"lab/outcome": "ready"},
        rollout={"interval": 1, "threshold": 40, "checks": "pods", "steps": [10, 50]},
    )
    shop.strategy("canary")
    assert shop.deploy(shop.release("v1")).switched
    return shop


class Watched:
    """The weights of the route, one after the other, as a watch tells them."""

    def __init__(self, shop: ClusterStage) -> None:
        self.kube, self.namespace, self.seen, self.stop = shop.kube, shop.namespace, list[Weights](), threading.Event()
        self.version = shop.kube.listing(ROUTE, shop.namespace).version

    def __enter__(self) -> Watched:
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        time.sleep(1.5)
        self.stop.set()
        self.thread.join()

    def _run(self) -> None:
        while not self.stop.is_set():
            for event in self.kube.watch(ROUTE, self.version, self.namespace, seconds=1):
                self.version = event.item["metadata"]["resourceVersion"]
                if event.type != "BOOKMARK" and (not self.seen or self.seen[-1] != backends(event.item)):
                    self.seen.append(backends(event.item))


def backends(route: Json) -> Weights:
    return [(one["name"], one["weight"]) for one in route["spec"]["rules"][0]["backendRefs"]]


def live(shop: ClusterStage) -> Weights:
    route = shop.live("HTTPRoute", "shop")
    assert route is not None
    return backends(route)


def sizes(shop: ClusterStage) -> dict[str, int]:
    return {item["metadata"]["labels"]["app.kubernetes.io/version"]: item["spec"]["replicas"] for item in shop.all("Deployment")}


def selector(shop: ClusterStage) -> Any:
    service = shop.live("Service", "shop")
    assert service is not None
    return service["spec"]["selector"]


def test_the_weights_move_as_planned(routed: ClusterStage) -> None:
    blue = selector(routed)
    assert live(routed) == [("shop", 100)]
    with Watched(routed) as watched:
        outcome = routed.deploy(routed.release("v2"))
    assert (outcome.switched, outcome.verdict) == (True, Verdict.PASSED), outcome
    assert watched.seen == [[("shop", 90), ("shop-preview", 10)], [("shop", 50), ("shop-preview", 50)], [("shop", 100)]]
    assert selector(routed) != blue
    assert routed.selected_ready() == 3


def test_a_person_is_asked_at_ten_percent_and_a_no_gives_all_of_it_back(routed: ClusterStage) -> None:
    blue = selector(routed)
    routed.options(rollout=NOBODY_CAN_TELL)
    outcome = routed.deploy(routed.release("v2"))
    assert (outcome.switched, outcome.verdict) == (True, Verdict.INCONCLUSIVE), outcome
    assert (live(routed), selector(routed)) == ([("shop", 90), ("shop-preview", 10)], blue)
    assert sizes(routed) == {"v1": 3, "v2": 1}
    assert routed.roll_back().switched
    assert (live(routed), selector(routed)) == ([("shop", 100)], blue)
    assert sizes(routed) == {"v1": 3, "v2": 0}


def test_a_canary_that_is_never_ready_gets_no_request(routed: ClusterStage) -> None:
    routed.options(labels={"lab/outcome": "unready"}, rollout={"threshold": 3})
    with Watched(routed) as watched:
        outcome = routed.deploy(routed.release("v2"))
    assert (outcome.switched, outcome.verdict) == (False, Verdict.FAILED), outcome
    assert all(found == [("shop", 100)] for found in watched.seen)
    assert routed.selected_ready() == 3


def test_who_may_not_write_routes_is_told_so_before(routed: ClusterStage) -> None:
    writer = account(routed.kube, routed.namespace, "write")
    Cluster.objects.update(write_credentials=writer.kubeconfig)
    writer.lose(("gateway.networking.k8s.io", "httproutes", "patch"))
    with pytest.raises(Refused, match=r"patch httproutes\.gateway\.networking\.k8s\.io"):
        routed.propose(routed.release("v2"))
    writer.lose()
    assert routed.deploy(routed.release("v2")).switched
