"""What tests of drivers share: shorter pauses, and a cluster that is played."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fake_cluster import FakeCluster
from tests.workloads.drivers.kubernetes.stage import ClusterStage, cluster_stage
from workloads.adapters.kubernetes import asking as line
from workloads.adapters.kubernetes.access import Access
from workloads.adapters.kubernetes.client import Client
from workloads.drivers.kubernetes import asking, migrating, waiting
from workloads.drivers.kubernetes.repairing import holding

FAKE = "shop"


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same pauses, shorter."""
    monkeypatch.setattr(line, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(asking, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(migrating, "LOOK_SECONDS", 0.03)
    monkeypatch.setattr(holding, "SHORTEST", 0.05)
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(waiting, "SURE_SECONDS", 0.3)


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    """A fake cluster with a namespace."""
    with FakeCluster(controllers=True) as found:
        found.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": FAKE}})
        yield found


@pytest.fixture
def pretended(db: None, cluster: FakeCluster) -> ClusterStage:
    """`shop/production` on the fake cluster."""
    client = Client(Access(cluster.kubeconfig))
    rollout = {"interval": 1, "threshold": 4, "checks": "pods", "steps": [34]}
    return cluster_stage(client, cluster.kubeconfig, FAKE, rollout=rollout)
