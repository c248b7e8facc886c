"""Pods that were taken away while a release was looked at, and nodes that do not report."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fake_cluster import FakeCluster
from workloads.adapters.kubernetes.access import Access
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.probes import Probe
from workloads.drivers.kubernetes.disturbing import excusable, taken
from workloads.drivers.kubernetes.nodes import lost
from workloads.rollout import Measurement, Metric, Phase, judge


def pod(uid: str, *, leaves: bool = False, node: str = "") -> dict[str, Any]:
    metadata = {"name": f"web-{uid}", "uid": uid, **({"deletionTimestamp": "2026-01-01T00:00:00Z"} if leaves else {})}
    return {"metadata": metadata, "spec": {"nodeName": node} if node else {}}


def failed(name: str) -> Metric:
    return Metric(name, (Measurement(Phase.FAILED, "no"),))


SILENT = Probe("GET", "http://shop/", 0, 1.0, error="no answer: no endpoints available")
BROKEN = Probe("GET", "http://shop/", 500, 1.0)


def test_a_pod_that_is_gone_or_going_was_taken_and_one_that_was_going_already_was_not() -> None:
    assert taken([pod("a"), pod("b"), pod("c", leaves=True)], [pod("a", leaves=True), pod("d")]) == ["web-a", "web-b"]
    assert taken([pod("a")], [pod("a"), pod("b")]) == []


@pytest.mark.parametrize(
    ("metrics", "probes", "excused"),
    [
        (["requests", "pods ready"], [SILENT], True),
        (["pages", "success ratio"], [], True),
        (["requests"], [SILENT, BROKEN], False),
        (["requests", "restarts"], [SILENT], False),
        (["log"], [], False),
        (["queue"], [SILENT], False),
    ],
)
def test_only_silence_is_excused_by_pods_that_were_taken(metrics: list[str], probes: list[Probe], excused: bool) -> None:
    judged = judge([*map(failed, metrics), Metric("latency p99", (Measurement(Phase.PASSED),))])
    assert excusable(judged, probes) is excused


def node(name: str, ready: str, message: str = "") -> dict[str, Any]:
    conditions = [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": ready, "message": message}]
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": {"conditions": conditions}}


def test_nodes_that_do_not_report_or_are_gone_are_named() -> None:
    with FakeCluster() as cluster:
        client = Client(Access(cluster.kubeconfig))
        cluster.put(node("one", "True"))
        cluster.put(node("two", "Unknown", "Kubelet stopped posting node status."))
        assert lost(client, [pod("a", node="one"), pod("b")]) == ""
        found = lost(client, [pod("a", node="one"), pod("b", node="two"), pod("c", node="three")])
        assert found == "node three is gone; node two is not ready (Kubelet stopped posting node status.)"
        cluster.denied = {"get nodes"}
        assert lost(client, [pod("b", node="two")]) == "", "who may not ask does not guess"
