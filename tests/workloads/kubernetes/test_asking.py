"""A question at a cluster that misbehaves: what is asked again, what is told, and what a write may not pretend."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.fake_cluster import FakeCluster
from workloads.adapters.kubernetes import proxying, usage
from workloads.adapters.kubernetes.access import Access
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.failures import (
    Absent,
    ApiFailure,
    Busy,
    Clash,
    Forbidden,
    Gone,
    Late,
    Unauthorized,
    Unclear,
    Unreachable,
)
from workloads.adapters.kubernetes.kinds import Json, kind_named

POD, CONFIG = kind_named("Pod"), kind_named("ConfigMap")


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with FakeCluster() as made:
        yield made


@pytest.fixture
def client(cluster: FakeCluster) -> Client:
    return Client(Access(cluster.kubeconfig), deadline=3)


def config(name: str = "settings", **data: str) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


def pods(cluster: FakeCluster, number: int) -> None:
    for one in range(number):
        cluster.put({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"pod-{one:05}", "namespace": "default"}, "spec": {}})


def test_a_list_is_read_in_chunks_of_500(cluster: FakeCluster, client: Client) -> None:
    pods(cluster, 1_201)
    assert len(client.listing(POD).items) == 1_201
    assert len(cluster.requests) == 3
    assert {asked.query["limit"] for asked in cluster.requests} == {"500"}


def test_a_list_that_grows_too_old_in_the_middle_is_read_again(cluster: FakeCluster, client: Client) -> None:
    pods(cluster, 700)
    cluster.fault("gone", path="continue=")
    names = [item["metadata"]["name"] for item in client.listing(POD).items]
    assert len(names) == len(set(names)) == 700
    assert len(cluster.requests) == 4


def test_a_list_that_always_grows_too_old_is_told(cluster: FakeCluster, client: Client) -> None:
    pods(cluster, 700)
    cluster.fault("gone", path="continue=", times=99)
    with pytest.raises(Gone):
        client.listing(POD)


@pytest.mark.parametrize("kind", ["cut_list", "half", "refused", "error_before", "error_after"])
def test_reading_is_tried_again_after(cluster: FakeCluster, client: Client, kind: str) -> None:
    pods(cluster, 3)
    cluster.fault(kind, seconds=0.2)
    assert len(client.listing(POD).items) == 3
    assert cluster.faults.happened


def test_busy_is_waited_for_as_long_as_the_server_says(cluster: FakeCluster, client: Client) -> None:
    cluster.fault("busy", seconds=1)
    began = time.monotonic()
    assert client.listing(POD).items == []
    assert 1.0 <= time.monotonic() - began < 2.5


def test_busy_longer_than_the_deadline_is_told_at_once(cluster: FakeCluster, client: Client) -> None:
    cluster.fault("busy", seconds=60)
    began = time.monotonic()
    with pytest.raises(Busy) as told:
        client.listing(POD)
    assert told.value.retry_after == 60
    assert time.monotonic() - began < 1


def test_no_answer_in_time_is_late(cluster: FakeCluster) -> None:
    cluster.fault("timeout", seconds=2, times=9)
    with pytest.raises(Late):
        Client(Access(cluster.kubeconfig), deadline=0.5).listing(POD)


@pytest.mark.parametrize("kind", ["error_after", "timeout", "cut_list", "half"])
def test_a_write_that_may_have_been_done_is_unclear_and_not_repeated(cluster: FakeCluster, client: Client, kind: str) -> None:
    cluster.fault(kind, method="PATCH")
    with pytest.raises(Unclear):
        client.apply(config(a="1"), manager="timonel")
    assert len(cluster.writes) == 1
    assert client.get(CONFIG, "settings", "default") is not None


def test_a_write_that_met_a_servers_error_before_it_was_done_is_unclear_too(cluster: FakeCluster, client: Client) -> None:
    cluster.fault("error_before", method="PATCH")
    with pytest.raises(Unclear):
        client.apply(config(a="1"), manager="timonel")
    assert cluster.writes == []


def test_a_write_that_the_server_had_no_time_for_is_done_once(cluster: FakeCluster, client: Client) -> None:
    cluster.fault("busy", method="PATCH", seconds=1)
    client.apply(config(a="1"), manager="timonel")
    assert len(cluster.writes) == 1


def test_a_write_to_nobody_is_done_when_somebody_listens_again(cluster: FakeCluster, client: Client) -> None:
    client.listing(POD)
    cluster.away(0.5)
    fresh = Client(Access(cluster.kubeconfig), deadline=3)
    fresh.apply(config(a="1"), manager="timonel")
    assert len(cluster.writes) == 1


def test_a_dry_run_is_as_good_as_reading(cluster: FakeCluster, client: Client) -> None:
    cluster.fault("error_after", method="PATCH")
    assert client.apply(config(a="1"), manager="timonel", dry_run=True)["data"] == {"a": "1"}
    assert cluster.writes == []


def test_another_managers_field_is_a_clash_unless_forced(client: Client) -> None:
    client.apply(config(a="1"), manager="kubectl")
    with pytest.raises(Clash, match="kubectl"):
        client.apply(config(a="2"), manager="timonel")
    assert client.apply(config(a="2"), manager="timonel", force=True)["data"] == {"a": "2"}


def test_a_missing_right_is_named(cluster: FakeCluster, client: Client) -> None:
    cluster.denied.add("patch configmaps")
    with pytest.raises(Forbidden) as told:
        client.apply(config(a="1"), manager="timonel")
    assert told.value.right == "patch configmaps in default"
    assert "patch configmaps in default" in told.value.cure
    assert not client.allowed("patch", "", "configmaps", "default")
    assert client.allowed("get", "", "configmaps", "default")


def test_expired_credentials_say_so(cluster: FakeCluster) -> None:
    cluster.tokens.add("old")
    client = Client(Access(cluster.kubeconfig))
    cluster.tokens = {"new"}
    with pytest.raises(Unauthorized, match="connect the cluster again"):
        client.listing(POD)


def test_what_is_not_there_is_none_and_a_kind_that_is_not_there_absent(client: Client) -> None:
    assert client.get(CONFIG, "nothing", "default") is None
    assert not client.delete(CONFIG, "nothing", "default")
    with pytest.raises(Absent):
        client.kind("nobody.example/v1", "Boat")


def test_custom_kinds_are_asked_of_the_cluster(cluster: FakeCluster, client: Client) -> None:
    cluster.kinds.append({"api": "harbour.example/v1", "kind": "Boat", "plural": "boats", "namespaced": True})
    boat = {"apiVersion": "harbour.example/v1", "kind": "Boat", "metadata": {"name": "anna", "namespace": "default"}}
    assert client.apply(boat, manager="timonel")["kind"] == "Boat"
    assert client.get(client.kind("harbour.example/v1", "Boat"), "anna", "default") is not None
    assert "boats" in {kind.plural for kind in client.kinds()}


def test_logs_of_the_present_and_the_previous_container(cluster: FakeCluster, client: Client) -> None:
    pods(cluster, 1)
    cluster.logs["default", "pod-00000", "web", False] = ["one", "two", "three"]
    cluster.logs["default", "pod-00000", "web", True] = ["before"]
    assert client.log("default", "pod-00000", "web", lines=2) == "two\nthree\n"
    assert client.log("default", "pod-00000", "web", previous=True) == "before\n"
    with pytest.raises(ApiFailure, match="previous"):
        client.log("default", "pod-00000", "sidecar", previous=True)


def test_a_service_is_asked_through_the_clusters_proxy(cluster: FakeCluster, client: Client) -> None:
    cluster.put({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "default"}, "spec": {}})
    cluster.proxied["/healthz"] = (200, b"fine")
    answer = proxying.ask(client, "default", "web", 80, "/healthz")
    assert (answer.status, answer.body, answer.error) == (200, "fine", "")


def test_without_a_metrics_api_usage_is_absent(client: Client) -> None:
    with pytest.raises(Absent):
        usage.pods(client, "default")


def test_nobody_there_is_unreachable_with_a_cure() -> None:
    with FakeCluster() as gone:
        told = gone.kubeconfig
    with pytest.raises(Unreachable, match="Check that the API server runs"):
        Client(Access(told), deadline=0.5).version()


def test_what_pods_use_is_told_in_cores_and_bytes(cluster: FakeCluster, client: Client) -> None:
    cluster.kinds.append({"api": "metrics.k8s.io/v1beta1", "kind": "PodMetrics", "plural": "pods", "namespaced": True})
    measured = {"name": "web", "usage": {"cpu": "250000000n", "memory": "64Mi"}}
    cluster.put(
        {
            "apiVersion": "metrics.k8s.io/v1beta1",
            "kind": "PodMetrics",
            "metadata": {"name": "web-1", "namespace": "default"},
            "timestamp": "2026-01-01T00:00:00Z",
            "containers": [measured],
        }
    )
    assert usage.pods(client, "default") == [usage.Usage("default", "web-1", "web", 0.25, 2**26, "2026-01-01T00:00:00Z")]
