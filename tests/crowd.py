"""Very many pods on a real cluster, on KWOK nodes made for them; all of it goes afterwards."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

from tests.bench_payload import pod
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.failures import Absent
from workloads.adapters.kubernetes.kinds import kind_named

Json = dict[str, Any]
A_NODE = 250  # pods
AT_ONCE = 16
LONGEST = 900.0  # seconds until all of them run
NODE, POD = kind_named("Node"), kind_named("Pod")
MARK = "timonel.dev/crowd"


@contextmanager
def crowded(client: Client, pods: int) -> Iterator[None]:
    """So many pods of the usual size, all of them running."""
    namespace = f"timonel-crowd-{os.getpid()}"
    nodes = [f"{namespace}-{number}" for number in range(math.ceil(pods / A_NODE))]
    client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    try:
        _all(client.create, map(_node, nodes))
        _told("accounts", lambda: len(client.listing(kind_named("ServiceAccount"), namespace).items), 1)
        _told("nodes", lambda: sum(map(_ready, client.listing(NODE, labels=f"{MARK}={namespace}").items)), len(nodes))
        began = time.monotonic()
        _all(client.create, (_pod(number, namespace, nodes[number % len(nodes)]) for number in range(pods)))
        print(f"{pods:,} pods made in {time.monotonic() - began:.0f} s", file=sys.stderr)
        _told("pods", lambda: len(client.scan(POD, _name, namespace, fields="status.phase=Running", metadata_only=True)[0]), pods)
        print(f"all of them run after {time.monotonic() - began:.0f} s", file=sys.stderr)
        yield
    finally:
        _remove(client, namespace)
        _all(lambda name: client.delete(NODE, name), nodes)


def _all(what: Any, items: Any) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(what, items))


def _node(name: str) -> Json:
    """A node that KWOK pretends; nothing is scheduled there that does not name it."""
    size = {"cpu": "64", "memory": "256Gi", "pods": str(A_NODE)}
    metadata = {
        "name": name,
        "annotations": {"kwok.x-k8s.io/node": "fake"},
        "labels": {MARK: name.rpartition("-")[0], "kubernetes.io/hostname": name, "kubernetes.io/os": "linux"},
    }
    taint = {"key": MARK, "effect": "NoSchedule"}
    status = {"allocatable": size, "capacity": size}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {"taints": [taint]}, "status": status}


def _pod(number: int, namespace: str, node: str) -> Json:
    item = pod(number)
    for container in item["spec"]["containers"]:
        container.pop("volumeMounts")
    spec = {
        "containers": item["spec"]["containers"],
        "nodeName": node,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
    }
    metadata = {"name": f"pod-{number:05}", "namespace": namespace, "labels": item["metadata"]["labels"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _ready(node: Json) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in node["status"].get("conditions") or [])


def _name(item: Json) -> str:
    return str(item["metadata"]["name"])


def _told(what: str, count: Any, wanted: int) -> None:
    """Wait until there are so many."""
    end = time.monotonic() + LONGEST
    while (found := count()) < wanted:
        if time.monotonic() > end:
            raise SystemExit(f"only {found} of {wanted} {what} came up: is KWOK there?")
        time.sleep(5)


def _remove(client: Client, namespace: str) -> None:
    """The pods side by side (the server removes a collection one after the other), without a grace that nobody needs."""

    def gone(name: str) -> None:
        with suppress(Absent):
            client.ask("DELETE", POD.path(namespace, name), None, {"gracePeriodSeconds": 0})

    _all(gone, client.scan(POD, _name, namespace, metadata_only=True)[0])
    client.delete(kind_named("Namespace"), namespace)
