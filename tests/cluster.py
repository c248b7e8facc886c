"""A real Kubernetes cluster for tests marked `cluster`, as a pytest plugin; and the fake one for what no real one does on command.

`KUBECONFIG` names the cluster (kind, minikube, any with full rights). Without it these tests are told as not run; with
`TIMONEL_TEST_CLUSTER=required` that is a failure.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_cluster import FakeCluster
from workloads.adapters.kubernetes.access import Access
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.kinds import kind_named

WHY_NOT = "no Kubernetes cluster: set KUBECONFIG"
NO_GATEWAY_API = "no definitions of the Gateway API: set TIMONEL_TEST_GATEWAY_API"
NO_PROMETHEUS = "no Prometheus that scrapes the cluster's pods: set TIMONEL_TEST_PROMETHEUS"


def kubeconfig() -> str:
    """The text of the kubeconfig that KUBECONFIG names; skips where there is none."""
    named = os.environ.get("KUBECONFIG", "")
    if named and Path(named).is_file():
        return Path(named).read_text()
    if os.environ.get("TIMONEL_TEST_CLUSTER") == "required":
        pytest.fail(WHY_NOT)
    pytest.skip(WHY_NOT)


@pytest.fixture
def kube() -> Client:
    """A client with every right at the real cluster."""
    return Client(Access(kubeconfig()))


@pytest.fixture
def namespace(kube: Client, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh namespace on the real cluster, deleted afterwards. A module may say its beginning: NAMESPACE = "driver"."""
    name = f"{getattr(request.module, 'NAMESPACE', 'timonel-test')}-{secrets.token_hex(4)}"
    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield name
    kube.delete(kind_named("Namespace"), name)


@pytest.fixture
def prometheus() -> str:
    """The address of a Prometheus that scrapes annotated pods (prometheus.io/scrape) every few seconds; skips without one."""
    address = os.environ.get("TIMONEL_TEST_PROMETHEUS", "")
    if not address:
        pytest.skip(NO_PROMETHEUS)
    return address


def gateway_api() -> str:
    """The folder with the definitions of the Gateway API; skips without one."""
    folder = os.environ.get("TIMONEL_TEST_GATEWAY_API", "")
    if not folder:
        pytest.skip(NO_GATEWAY_API)
    return folder


@pytest.fixture
def fake() -> Iterator[FakeCluster]:
    """An empty fake cluster with the controllers of Deployments, Jobs and Services."""
    with FakeCluster(controllers=True) as cluster:
        yield cluster


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what did not run, so that nobody takes it for passed."""
    for why in (WHY_NOT, NO_PROMETHEUS, NO_GATEWAY_API):
        skipped = [report for report in terminalreporter.stats.get("skipped", []) if why in str(report.longrepr)]
        if skipped:
            terminalreporter.write_line(f"Not run: {len(skipped)} tests ({why})", yellow=True)
