"""A snapshot holds what could be read, says what could not, and proves that nobody changed it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid, Refused, TimonelError
from controlplane.core.models import User
from tests.cluster import kubeconfig
from tests.fake_cluster import FakeCluster
from workloads import clusters
from workloads.adapters.kubernetes.client import Client
from workloads.diagnosing import diagnose_folder
from workloads.models import Snapshot
from workloads.snapshots import folder, taking
from workloads.snapshots.limits import Limits
from workloads.snapshots.taking import Scope

TERMINAL = Actor.system("terminal (somebody)")
NAMESPACE = "windows"
pytestmark = pytest.mark.django_db


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with FakeCluster() as made:
        made.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
        made.put({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "one"}, "status": {"conditions": []}})
        secret = {"name": "db", "namespace": "shop"}
        made.put({"apiVersion": "v1", "kind": "Secret", "metadata": secret, "data": {"PASSWORD": "aHVudGVyMg=="}})
        spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
        made.put({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": spec})
        made.put(pod())
        made.logs["shop", "web-1", "web", False] = ["started", "Authorization: Bearer abcdefgh12345678"]
        made.logs["shop", "web-1", "web", True] = ["MemoryError"]
        made.proxied["/"] = (200, b"hello")
        yield made


def pod() -> dict[str, Any]:
    status = {"name": "web", "ready": False, "restartCount": 2, "state": {"running": {}}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web-1", "namespace": "shop", "labels": {"app": "web"}},
        "spec": {"nodeName": "one", "containers": [{"name": "web", "env": [{"name": "API_KEY", "value": "k-123"}]}]},
        "status": {"phase": "Running", "containerStatuses": [status]},
    }


@pytest.fixture
def scope(cluster: FakeCluster) -> Scope:
    return Scope(clusters.connect(TERMINAL, "lab", "kubeconfig", read=cluster.kubeconfig), "shop")


def read(path: Path, name: str) -> Any:
    return json.loads((path / name).read_text())


def test_it_has_the_layout_that_diagnosis_reads(scope: Scope, tmp_path: Path) -> None:
    taken = taking.take(TERMINAL, scope, tmp_path / "s", symptom="It is slow.")
    case = read(taken.path, "case.json")
    assert (case["namespace"], case["symptom"], case["cluster"]) == ("shop", "It is slow.", "lab")
    assert case["observedAt"] <= case["collectedAt"]
    objects = read(taken.path, "objects.json")
    assert (objects["kind"], objects["apiVersion"]) == ("List", "v1")
    assert {item["kind"] for item in objects["items"]} == {"Namespace", "Node", "Pod", "Secret", "Service"}
    assert read(taken.path, "declared.json")["items"] == []
    assert (taken.path / "logs/shop/web-1/web.log").read_text().startswith("started\n")
    assert (taken.path / "logs/shop/web-1/web.previous.log").read_text() == "MemoryError\n"
    probes = read(taken.path, "probes.json")
    assert probes["serviceConnectivity"][0]["ok"] is True
    assert probes["clusterConfiguration"]["node_count"] == 1
    assert case["coverage"]["alerts"] == {"state": "missing", "why": ["no Alertmanager is connected"]}
    assert not (taken.path / "alerts.json").exists()


def test_nothing_secret_is_in_any_file(scope: Scope, tmp_path: Path) -> None:
    taken = taking.take(TERMINAL, scope, tmp_path / "s", symptom="password=hunter2hunter2")
    everything = "".join(file.read_text() for file in taken.path.rglob("*") if file.is_file())
    for secret in ("aHVudGVyMg", "abcdefgh12345678", "k-123", "hunter2"):
        assert secret not in everything


def test_a_change_of_any_file_is_found(scope: Scope, tmp_path: Path) -> None:
    taken = taking.take(TERMINAL, scope, tmp_path / "s")
    assert folder.altered(taken.path, taken.sha256) == []
    file = taken.path / "logs/shop/web-1/web.log"
    assert file.stat().st_mode & 0o222 == 0
    file.chmod(0o600)
    file.write_text("all is well")
    assert folder.altered(taken.path, taken.sha256) == ["logs/shop/web-1/web.log"]
    (taken.path / "extra").write_text("x")
    assert "extra" in folder.altered(taken.path, taken.sha256)


def test_what_may_not_be_read_is_told_by_its_right(cluster: FakeCluster, scope: Scope, tmp_path: Path) -> None:
    cluster.denied |= {"list secrets", "get pods/log", "get services/proxy", "list nodes"}
    case = read(taking.take(TERMINAL, scope, tmp_path / "s").path, "case.json")
    assert case["coverage"]["objects"]["state"] == "partly"
    assert "the identity may not list secrets in shop" in case["coverage"]["objects"]["why"]
    assert case["coverage"]["logs"]["why"] == ["the identity may not get pods/log in shop"]
    assert case["coverage"]["probes"]["state"] == "partly"


def test_a_list_that_ever_fails_is_told_and_the_rest_is_read(cluster: FakeCluster, scope: Scope, tmp_path: Path) -> None:
    cluster.fault("gone", path="/events", times=99)
    taken = taking.take(TERMINAL, scope, tmp_path / "s")
    assert any("events" in why for why in taken.coverage["objects"]["why"])
    assert "Pod" in {item["kind"] for item in read(taken.path, "objects.json")["items"]}


def test_the_log_of_a_running_container_that_its_node_lost_is_told(cluster: FakeCluster, scope: Scope, tmp_path: Path) -> None:
    gone = 'failed to try resolving symlinks in path "/var/log/pods/shop_web-1/web/2.log": no such file or directory'
    cluster.logs["shop", "web-1", "web", False] = [gone]
    cluster.logs["shop", "web-1", "web", True] = ["unable to retrieve container logs for containerd://0123"]
    taken = taking.take(TERMINAL, scope, tmp_path / "s")
    assert taken.coverage["logs"] == {"state": "partly", "why": ["the log of web-1: it runs, and its log is gone from its node"]}
    assert not (taken.path / "logs").exists()
    found = diagnose_folder(taken.path)
    assert found.partly == ("logs (the log of web-1: it runs, and its log is gone from its node)",)


def test_bounds_are_told(scope: Scope, tmp_path: Path) -> None:
    taken = taking.take(TERMINAL, scope, tmp_path / "s", limits=Limits(pods=0))
    assert taken.coverage["logs"]["state"] == "partly"


def test_a_deadline_ends_it_and_is_told(cluster: FakeCluster, scope: Scope, tmp_path: Path) -> None:
    cluster.fault("timeout", path="/events", seconds=3)
    taken = taking.take(TERMINAL, scope, tmp_path / "s", limits=Limits(seconds=1))
    assert any("not answered in time" in why for why in taken.coverage["objects"]["why"])


def test_a_folder_that_holds_something_is_left_alone(scope: Scope, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(Invalid):
        taking.take(TERMINAL, scope, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_a_kept_one_has_a_row_that_stays_when_its_files_are_pruned(scope: Scope, tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    row = taking.keep(TERMINAL, scope, symptom="Slow.")
    assert taking.altered(row) == []
    assert row.taken_by == TERMINAL.label
    assert taking.prune(timezone.now()) == 0
    assert taking.prune(timezone.now() + timedelta(days=60)) == 1
    row.refresh_from_db()
    assert row.pruned_at
    assert list((tmp_path / "snapshots").iterdir()) == []
    with pytest.raises(Invalid, match="pruned"):
        taking.path_of(row)


def test_one_that_fails_leaves_nothing(cluster: FakeCluster, scope: Scope, tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    cluster.tokens.add("another")
    with pytest.raises(TimonelError):
        taking.keep(TERMINAL, scope)
    assert not Snapshot.objects.exists()
    assert list(tmp_path.rglob("*")) == []


def test_a_whole_cluster_is_for_who_administers_everything(scope: Scope, alice: User, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        taking.take(Actor.person(alice), scope, tmp_path / "s")


def test_the_terminal_takes_one_and_says_what_is_lacking(
    cluster: FakeCluster, scope: Scope, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("snapshot", "--cluster", "lab", "--namespace", "shop", "--out", str(tmp_path / "s"))
    assert "✓ logs" in capsys.readouterr().out
    cluster.denied.add("get pods/log")
    with pytest.raises(SystemExit) as ended:
        call_command("snapshot", "--cluster", "lab", "--namespace", "shop", "--out", str(tmp_path / "t"))
    assert ended.value.code == 3
    assert "get pods/log" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        call_command("snapshot", "--cluster", "nothing", "--out", str(tmp_path / "u"))
    assert ended.value.code == 1


@pytest.mark.cluster
def test_of_a_real_namespace_everything_is_read(kube: Client, namespace: str, tmp_path: Path) -> None:
    kube.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": namespace}, "data": {"A": "1"}},
        manager="tests",
    )
    made = clusters.connect(TERMINAL, "real", "kubeconfig", read=kubeconfig())
    taken = taking.take(TERMINAL, Scope(made, namespace), tmp_path / "s")
    kinds = {item["kind"] for item in read(taken.path, "objects.json")["items"]}
    assert {"Namespace", "Node", "ConfigMap", "ServiceAccount"} <= kinds
    assert taken.coverage["objects"] == {"state": "whole", "why": []}
    assert read(taken.path, "probes.json")["controlPlane"]["ok"] is True
