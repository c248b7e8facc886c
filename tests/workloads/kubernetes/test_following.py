"""What is followed is listed once and then only watched, whatever happens to the connection."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from tests.fake_cluster import FakeCluster
from workloads.adapters.kubernetes.access import Access
from workloads.adapters.kubernetes.client import Client, Event
from workloads.adapters.kubernetes.failures import Forbidden
from workloads.adapters.kubernetes.following import follow
from workloads.adapters.kubernetes.kinds import kind_named
from workloads.adapters.kubernetes.view import View, Views

POD = kind_named("Pod")


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with FakeCluster() as made:
        yield made


@pytest.fixture
def client(cluster: FakeCluster) -> Client:
    return Client(Access(cluster.kubeconfig), deadline=3)


def put(cluster: FakeCluster, name: str, phase: str = "Running") -> None:
    cluster.put(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {},
            "status": {"phase": phase},
        }
    )


def told(events: Iterator[Event], until: str) -> list[tuple[str, str]]:
    """What was told until an event of this type, or about this object."""
    found = []
    for event in events:
        if event.type != "IDLE":
            found.append((event.type, event.item.get("metadata", {}).get("name", "")))
            if until in found[-1]:
                return found
    return found


def test_everything_there_is_told_then_what_changes(cluster: FakeCluster, client: Client) -> None:
    put(cluster, "a")
    events = follow(client, POD, "default", seconds=5)
    assert told(events, "SYNCED") == [("ADDED", "a"), ("SYNCED", "")]
    put(cluster, "b")
    assert told(events, "b") == [("ADDED", "b")]
    put(cluster, "b", "Failed")
    assert told(events, "b") == [("MODIFIED", "b")]


def test_a_watch_that_is_cut_goes_on_at_its_last_version(cluster: FakeCluster, client: Client) -> None:
    cluster.fault("cut_watch", times=2)
    events = follow(client, POD, "default", seconds=8)
    told(events, "SYNCED")
    for name in "abc":
        put(cluster, name)
    assert told(events, "c") == [("ADDED", "a"), ("ADDED", "b"), ("ADDED", "c")]
    assert len([asked for asked in cluster.requests if not asked.watches]) == 1


def test_a_version_too_old_lists_again_and_tells_the_difference(cluster: FakeCluster, client: Client) -> None:
    put(cluster, "stays")
    put(cluster, "goes")
    put(cluster, "changes")
    events = follow(client, POD, "default", seconds=8, window=1)
    told(events, "SYNCED")
    with cluster.store.changed:
        cluster.store.remove(("v1", "pods", "default", "goes"))
        put(cluster, "changes", "Failed")
        put(cluster, "new")
        cluster.forget()
    assert told(events, "SYNCED") == [("DELETED", "goes"), ("MODIFIED", "changes"), ("ADDED", "new"), ("SYNCED", "")]


@pytest.mark.parametrize("kind", ["busy", "error_before", "refused", "slow_watch", "gone"])
def test_a_change_is_told_once_in_spite_of(cluster: FakeCluster, client: Client, kind: str) -> None:
    cluster.fault(kind, path="watch=1", seconds=0.5)
    events = follow(client, POD, "default", seconds=8, window=1)
    told(events, "SYNCED")
    threading.Timer(0.3, put, (cluster, "a")).start()
    assert [line for line in told(events, "a") if line[0] != "SYNCED"] == [("ADDED", "a")]
    assert cluster.faults.happened


def test_idle_comes_while_nothing_happens(client: Client) -> None:
    types = [event.type for event in follow(client, POD, "default", seconds=2.2, window=1)]
    assert types[0] == "SYNCED"
    assert "IDLE" in types


def test_a_lost_right_is_told_at_once(cluster: FakeCluster, client: Client) -> None:
    events = follow(client, POD, "default", seconds=5, window=1)
    told(events, "SYNCED")
    cluster.denied.add("watch pods")
    with pytest.raises(Forbidden, match="watch"):
        list(events)


def test_a_view_lists_once_and_then_only_watches(cluster: FakeCluster, client: Client) -> None:
    for number in range(1_100):
        put(cluster, f"pod-{number:04}")
    view = Views().of(client, POD)
    assert len(view.look().items) == 1_100
    put(cluster, "late")
    end = time.monotonic() + 5
    while len(view.look().items) < 1_101 and time.monotonic() < end:
        time.sleep(0.02)
    assert len(view.look().items) == 1_101
    lists = [asked for asked in cluster.requests if not asked.watches]
    assert len(lists) == 3  # ceil(1100 / 500)
    assert "managedFields" not in view.look().items[0]["metadata"]


def test_a_view_without_rights_says_why(cluster: FakeCluster, client: Client) -> None:
    cluster.denied.add("list pods")
    look = View(client, POD).look()
    assert not look.warm
    assert "list pods" in look.failure
