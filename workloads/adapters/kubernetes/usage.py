"""What pods use now, by the metrics API (metrics-server)."""

from __future__ import annotations

from dataclasses import dataclass

from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.kinds import Json, Kind
from workloads.quantities import amount

PODS = Kind("metrics.k8s.io/v1beta1", "PodMetrics", "pods")
NODES = Kind("metrics.k8s.io/v1beta1", "NodeMetrics", "nodes", namespaced=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """One container (or, without pod, one node) over the last window: cores and bytes; None: not told."""

    namespace: str
    pod: str
    container: str
    cpu: float | None
    memory: float | None
    at: str  # RFC 3339


def pods(client: Client, namespace: str = "", *, labels: str = "") -> list[Usage]:
    """Every container's usage. Raises Absent or Busy where there is no metrics API."""
    found, _ = client.scan(PODS, _containers, namespace, labels=labels)
    return [usage for pod in found for usage in pod]


def nodes(client: Client) -> list[Usage]:
    """Every node's usage, its name as the container."""
    found, _ = client.scan(NODES, lambda item: _usage("", "", str(item["metadata"]["name"]), item, str(item.get("timestamp", ""))))
    return found


def _containers(item: Json) -> list[Usage]:
    at = item["metadata"]
    return [
        _usage(str(at.get("namespace", "")), str(at["name"]), str(one.get("name", "")), one, str(item.get("timestamp", "")))
        for one in item.get("containers") or []
    ]


def _usage(namespace: str, pod: str, container: str, item: Json, at: str) -> Usage:
    told = item.get("usage") or {}
    return Usage(namespace, pod, container, amount(told.get("cpu", "")), amount(told.get("memory", "")), at)
