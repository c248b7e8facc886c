"""The logs of a release's pods in one stream."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from tests.fake_cluster import FakeCluster
from workloads.adapters.kubernetes.access import Access
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.kinds import Json, kind_named
from workloads.podlogs import Line, Together, of_release

NAMESPACE = "windows"
REAL = {"matchExpressions": [{"key": "type", "operator": "NotIn", "values": ["kwok"]}]}  # a node that runs images


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with FakeCluster() as made:
        yield made


def pod(cluster: FakeCluster, name: str, phase: str = "Running", app: str = "web") -> None:
    containers = [{"name": "web", "restartCount": 0, "state": {"running": {}}}]
    cluster.put(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "default", "labels": {"app": app}},
            "spec": {},
            "status": {"phase": phase, "containerStatuses": containers},
        }
    )


def heard(lines: Iterator[Line | None], until: str) -> list[tuple[str, str]]:
    found = []
    for line in lines:
        if line is not None:
            found.append((line.pod, line.text))
            if line.text == until:
                break
    return sorted(found)


def test_pods_are_followed_together_and_new_ones_join(cluster: FakeCluster) -> None:
    pod(cluster, "a")
    pod(cluster, "other", app="worker")
    cluster.logs["default", "a", "web", False] = ["one"]
    lines = Together(Client(Access(cluster.kubeconfig)), "default", "app=web").follow(8, idle=0.1)
    assert heard(lines, "one") == [("a", "one")]
    cluster.logs["default", "b", "web", False] = ["two"]
    pod(cluster, "b")
    assert heard(lines, "two") == [("b", "two")]
    cluster.logs["default", "a", "web", False].append("password=hunter2hunter2")
    assert heard(lines, "password=[redacted]") == [("a", "password=[redacted]")]


def test_nothing_is_told_twice_after_a_cut(cluster: FakeCluster) -> None:
    pod(cluster, "a")
    cluster.logs["default", "a", "web", False] = [f"line {number}" for number in range(20)]
    cluster.fault("cut_watch", path="/log", after=10)
    lines = Together(Client(Access(cluster.kubeconfig)), "default", "app=web").follow(8, idle=0.1)
    assert [text for _, text in heard(lines, "line 19")] == sorted(f"line {number}" for number in range(20))


def test_the_stream_is_quiet_but_not_stuck(cluster: FakeCluster) -> None:
    pod(cluster, "a")
    began = time.monotonic()
    told = list(Together(Client(Access(cluster.kubeconfig)), "default", "app=web").follow(1.0, idle=0.2))
    assert set(told) == {None}
    assert time.monotonic() - began < 3


def test_a_missing_right_is_told_and_ends_it(cluster: FakeCluster) -> None:
    cluster.denied.add("list pods")
    told = list(Together(Client(Access(cluster.kubeconfig)), "default", "app=web").follow(5))
    assert told
    assert told[0] is not None
    assert "list pods" in told[0].text


@pytest.mark.cluster
@pytest.mark.slow
def test_a_real_pods_lines_come_in_order_and_once(kube: Client, namespace: str) -> None:
    """Needs a node that runs images and can pull this one."""
    script = "import time\nfor n in range(30):\n print('line', n, flush=True)\n time.sleep(0.05)"
    for name in ("a", "b"):
        kube.apply(_really(namespace, name, script), manager="tests")
    found: dict[str, list[str]] = {"a": [], "b": []}
    for line in of_release(kube, namespace, 7).follow(90):
        if line is not None and not line.note:
            found[line.pod].append(line.text)
        if all(len(texts) >= 30 for texts in found.values()):
            break
    assert found == {name: [f"line {number}" for number in range(30)] for name in ("a", "b")}
    assert kube.get(kind_named("Pod"), "a", namespace) is not None


def _really(namespace: str, name: str, script: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"timonel.dev/environment": "7"}},
        "spec": {
            "restartPolicy": "Never",
            "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [REAL]}}},
            "containers": [
                {
                    "name": "main",
                    "image": os.environ.get("TIMONEL_TEST_IMAGE", "python:3.11-slim"),
                    "command": ["python", "-c", script],
                }
            ],
        },
    }
