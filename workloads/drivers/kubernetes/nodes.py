"""The nodes under pods: whether what keeps a release from standing is a node that does not report, or is gone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.kinds import Json, kind_named
from workloads.drivers.kubernetes.asking import quietly

NODE = kind_named("Node")
MOST_NODES = 10
CURE = "Bring the node back, or let the pods run on another one; then deploy again."


def lost(client: Client, pods: Iterable[Json]) -> str:
    """Which nodes of pods that are not ready do not report, in words; empty where all do, or where they may not be asked."""
    names = sorted({str(pod["spec"]["nodeName"]) for pod in pods if pod["spec"].get("nodeName")})
    told = (quietly(lambda name=name: _of(name, client)) for name in names[:MOST_NODES])  # type: ignore[misc]
    return "; ".join(text for text in told if text)


def _of(name: str, client: Client) -> str:
    found = client.get(NODE, name)
    if found is None:
        return f"node {name} is gone"
    ready: dict[str, Any] = next((one for one in found.get("status", {}).get("conditions") or [] if one.get("type") == "Ready"), {})
    if ready.get("status") == "True":
        return ""
    return f"node {name} is not ready" + (f" ({ready['message']})" if ready.get("message") else "")
