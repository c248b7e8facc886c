"""Measures reading a large cluster beside the typed client of Kubernetes: time, memory, requests; then that only watches remain.

`make bench-cluster` runs it; it fails where a figure is worse than it may be. With ARGS="--real N" so many pods are made on the
cluster that KUBECONFIG names, which needs KWOK, in a namespace and on nodes of its own, deleted afterwards; otherwise one recorded
payload of 10,000 is served on this machine. Each client reads in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

RECORDED, CHUNK = 10_000, 500
KINDS = ("Pod", "Node", "ReplicaSet", "ConfigMap", "Secret", "Event", "Lease")
LEAST_FASTER, MOST_MEMORY = 6.0, 0.25
STEADY = 6.0  # seconds that are watched
Json = dict[str, Any]


def main() -> int:
    """Measure; return 1 when something is worse than it may be."""
    measures = {"typed": typed, "scan": scan, "steady": steady, "chunks": chunks}
    if sys.argv[1:2] and sys.argv[1] in measures:
        print(json.dumps(measures[sys.argv[1]](sys.argv[2])))
        return 0
    asked = argparse.ArgumentParser(description="Measure reading a large cluster beside the typed client.")
    asked.add_argument("--real", type=int, default=0, metavar="N", help="so many pods on the cluster of KUBECONFIG (KWOK)")
    pods: int = asked.parse_args().real
    names = list(measures) if pods else ["typed", "scan", "steady"]
    with _real(pods) if pods else _served() as file:
        print(
            f"{pods:,} pods of a real API server" if pods else f"{RECORDED:,} pods of one recorded payload, served on this machine"
        )
        good = _judged({name: _in_a_process(name, file) for name in names}, pods or RECORDED)
    return 0 if good else 1


def typed(kubeconfig: str) -> Json:
    """The typed client: every pod as an object of its models."""
    from kubernetes import client, config

    config.load_kube_config(kubeconfig)  # type: ignore[no-untyped-call]
    api = client.CoreV1Api()
    before, began, cpu = _peak(), time.monotonic(), time.process_time()
    found = api.list_pod_for_all_namespaces()
    return _told(len(found.items), before, began, cpu)


def scan(kubeconfig: str) -> Json:
    """Ours: what pages and checks need of each pod, a chunk of raw JSON at a time."""
    client, asked = _client(kubeconfig)
    before, began, cpu = _peak(), time.monotonic(), time.process_time()
    kept, _ = client.scan(_pod(), _facts)
    return _told(len(kept), before, began, cpu) | {"requests": len(asked)}


def steady(kubeconfig: str) -> Json:
    """A warm view: what is asked after the list, while pages look at it."""
    from workloads.adapters.kubernetes.view import View

    client, asked = _client(kubeconfig)
    view = View(client, _pod())
    view.look(wait=120)
    listed = len(asked)
    end = time.monotonic() + STEADY
    while time.monotonic() < end:
        found = len(view.look().items)
        time.sleep(0.2)
    later = asked[listed:]
    return {
        "pods": found,
        "lists": sum("watch=1" not in path for path in asked),
        "later": sum("watch=1" not in path for path in later),
    }


def chunks(kubeconfig: str) -> Json:
    """Requests and objects of each kind that is read whole."""
    from workloads.adapters.kubernetes.kinds import kind_named

    client, asked = _client(kubeconfig)
    found = {}
    for name in KINDS:
        before = len(asked)
        kept, _ = client.scan(kind_named(name), lambda item: item["metadata"]["name"], metadata_only=True)
        found[name] = [len(asked) - before, len(kept)]
    return found


def _facts(item: Json) -> tuple[str, str, str, str, bool, int]:
    at, status = item["metadata"], item.get("status") or {}
    held = status.get("containerStatuses") or []
    ready, restarts = all(one["ready"] for one in held), sum(one["restartCount"] for one in held)
    node = (item.get("spec") or {}).get("nodeName", "")
    return at["namespace"], at["name"], status.get("phase", ""), node, ready, restarts


def _client(kubeconfig: str) -> tuple[Any, list[str]]:
    """A client of ours, and the addresses that it asks for."""
    from workloads.adapters.kubernetes.access import Access
    from workloads.adapters.kubernetes.client import Client

    client, asked = Client(Access(Path(kubeconfig).read_text()), deadline=120), list[str]()
    send = client.stream().send

    def counted(method: str, path: str, **rest: Any) -> Any:
        asked.append(path)
        return send(method, path, **rest)

    client.stream().send = counted  # type: ignore[method-assign]
    return client, asked


def _pod() -> Any:
    from workloads.adapters.kubernetes.kinds import kind_named

    return kind_named("Pod")


def _peak() -> int:
    """Bytes of memory at most so far. Linux hands the maximum of whoever started us down in ru_maxrss: its own is in VmHWM."""
    status = Path("/proc/self/status")
    if status.is_file() and (found := re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.M)):
        return int(found[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _told(pods: int, before: int, began: float, cpu: float) -> Json:
    return {
        "pods": pods,
        "seconds": time.monotonic() - began,
        "cpu": time.process_time() - cpu,
        "memory": _peak() - before,
    }


def _in_a_process(name: str, file: str) -> Json:
    made = subprocess.run([sys.executable, "-m", "tests.bench_cluster", name, file], capture_output=True, text=True, check=False)
    if made.returncode:
        raise SystemExit(made.stderr)
    found: Json = json.loads(made.stdout)
    return found


def _judged(told: dict[str, Json], least: int) -> bool:
    one, other, steady = told["typed"], told["scan"], told["steady"]
    faster, share = one["cpu"] / other["cpu"], other["memory"] / one["memory"]
    pages = math.ceil(other["pods"] / CHUNK)
    for name, figures in (("typed client", one), ("Timonel", other)):
        print(
            f"{name:>13}: {figures['seconds']:6.2f} s, {figures['cpu']:6.2f} s of processor, {figures['memory'] / 2**20:7.1f} MiB"
        )
    good = [
        _line(f"{faster:.1f} times faster (processor time; at least {LEAST_FASTER:g})", faster >= LEAST_FASTER),
        _line(f"{share:.3f} of the memory (at most {MOST_MEMORY:g})", share <= MOST_MEMORY),
        _line(f"{other['requests']} requests for {other['pods']:,} pods (exactly {pages})", other["requests"] == pages),
        _line(
            f"{steady['lists']} lists for a warm view (exactly {math.ceil(steady['pods'] / CHUNK)}), "
            f"{steady['later']} in {STEADY:g} s after that (none)",
            steady["lists"] == math.ceil(steady["pods"] / CHUNK) and steady["later"] == 0,
        ),
        _line(f"both saw every pod ({one['pods']:,} and {other['pods']:,})", min(one["pods"], other["pods"]) >= least),
    ]
    for name, (requests, objects) in told.get("chunks", {}).items():
        wanted = max(1, math.ceil(objects / CHUNK))
        good.append(_line(f"{name}: {requests} requests for {objects:,} objects (exactly {wanted})", requests == wanted))
    return all(good)


def _line(said: str, good: bool) -> bool:
    print(f"{'✓' if good else '✗'} {said}")
    return good


@contextmanager
def _served() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench_payload", str(RECORDED)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        port = server.stdout.readline().split()[0]
        from tests.fake_cluster.answers import kubeconfig

        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(kubeconfig(f"http://127.0.0.1:{port}", "anything"))
            file.flush()
            yield file.name
        server.stdin.close()


@contextmanager
def _real(pods: int) -> Iterator[str]:
    named = os.environ.get("KUBECONFIG", "")
    if not (named and Path(named).is_file()):
        raise SystemExit("KUBECONFIG names no cluster")
    from tests.crowd import crowded

    with crowded(_client(named)[0], pods):
        yield named


if __name__ == "__main__":
    sys.exit(main())
