"""A stage on the real cluster."""

from __future__ import annotations

import pytest

from tests.cluster import kubeconfig
from tests.workloads.drivers.kubernetes.stage import ClusterStage, cluster_stage
from workloads.adapters.kubernetes.client import Client


@pytest.fixture
def shop(transactional_db: None, kube: Client, namespace: str) -> ClusterStage:
    """`shop/production` on KWOK nodes."""
    return cluster_stage(kube, kubeconfig(), namespace)
