"""No wait is longer than its patience, whatever pods do."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fake_cluster import FakeCluster
from workloads.adapters.kubernetes.access import Access
from workloads.adapters.kubernetes.client import Client
from workloads.drivers.kubernetes.asking import Patient
from workloads.drivers.kubernetes.driver import silent
from workloads.drivers.kubernetes.waiting import Ready, Wait

pytestmark = pytest.mark.usefixtures("hurried")
LABELS = {"app": "web"}
WEB = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop", "generation": 1},
    "spec": {"replicas": 2, "template": {"metadata": {"labels": LABELS}, "spec": {"containers": []}}},
    "status": {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2},
}


@pytest.fixture
def still() -> Iterator[FakeCluster]:
    """A cluster whose controllers do nothing."""
    with FakeCluster() as cluster:
        cluster.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
        cluster.put(WEB)
        yield cluster


def pod(name: str, *, ready: bool = False, **status: Any) -> dict[str, Any]:
    conditions = [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True" if ready else "False"}]
    metadata = {"name": name, "namespace": "shop", "labels": LABELS}
    told = {"phase": "Pending", "conditions": conditions, **status}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"nodeName": "one"}, "status": told}


def wait(cluster: FakeCluster, lost: str = "") -> tuple[Ready, float]:
    began = time.monotonic()
    patient = Patient(Client(Access(cluster.kubeconfig)), silent)
    ready = Wait(patient, "shop", [WEB], 1.0, frozenset(), silent, lost=lambda pods: lost).run()
    return ready, time.monotonic() - began


def test_a_pod_that_no_kubelet_took_is_not_waited_for_as_if_it_pulled_an_image(still: FakeCluster) -> None:
    still.put(pod("web-1"))
    ready, seconds = wait(still)
    assert ready.seconds is None and "has not got on" in ready.why
    assert seconds < 5


def test_an_image_is_not_waited_for_on_a_node_that_does_not_report(still: FakeCluster) -> None:
    still.put(pod("web-1", startTime="2026-01-01T00:00:00Z"))
    ready, seconds = wait(still, lost="node one is gone")
    assert ready.seconds is None and ready.why.endswith("Its node one is gone")
    assert "Bring the node back" in ready.cure
    assert seconds < 5


def test_pods_that_come_and_go_do_not_get_on(still: FakeCluster) -> None:
    over = threading.Event()

    def flap() -> None:
        state = [{"name": "web", "ready": True, "restartCount": 0, "state": {"running": {}}}]
        for number in range(100):
            ready = number % 2 == 0
            still.put(pod("web-1", ready=ready, startTime="2026-01-01T00:00:00Z", containerStatuses=state))
            if over.wait(0.3):
                return

    thread = threading.Thread(target=flap)
    thread.start()
    ready, seconds = wait(still)
    over.set()
    thread.join()
    assert ready.seconds is None and seconds < 8
