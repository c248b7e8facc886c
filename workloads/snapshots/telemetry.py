"""Alerts and metrics of a scope, from the Alertmanager and Prometheus that its cluster names."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from controlplane.core.errors import TimonelError
from controlplane.core.redaction import redact_value
from workloads.adapters import prometheus
from workloads.snapshots.coverage import Coverage
from workloads.snapshots.limits import Limits
from workloads.snapshots.veil import Json

# What each series is called here, and how cAdvisor's are made into it; {where} selects pods, without sandboxes and sums.
_BY_POD = "sum by (namespace, pod) ({})"
_RATE = "rate({}[1m])"
_CONTAINERS = '{{{where},container!="",container!="POD"}}'
QUERIES = {
    "container_cpu_cores": _BY_POD.format(_RATE.format("container_cpu_usage_seconds_total" + _CONTAINERS)),
    "container_memory_bytes": _BY_POD.format("container_memory_working_set_bytes" + _CONTAINERS),
    "container_cpu_cfs_throttled_seconds": _BY_POD.format(_RATE.format("container_cpu_cfs_throttled_seconds_total" + _CONTAINERS)),
    "network_receive_packets_per_second": _BY_POD.format(_RATE.format("container_network_receive_packets_total{{{where}}}")),
    "network_transmit_packets_per_second": _BY_POD.format(_RATE.format("container_network_transmit_packets_total{{{where}}}")),
}
NODES = {
    "node_cpu_utilization_percent": '100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[1m])))',
    "node_memory_utilization_percent": "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)",
    "node_tcp_retransmits_per_second": "rate(node_netstat_Tcp_RetransSegs[1m])",
}


def alerts(address: str, namespace: str, coverage: Coverage) -> list[Json] | None:
    """Those of the namespace, and those that name none; None where they cannot be read."""
    if not address:
        coverage.missing("alerts", "no Alertmanager is connected")
        return None
    try:
        found = prometheus.alerts(address)
    except TimonelError as error:
        coverage.missing("alerts", error.message)
        return None
    coverage.whole("alerts")
    return [
        redact_value(one) for one in found if not namespace or (one.get("labels") or {}).get("namespace", namespace) == namespace
    ]


def metrics(address: str, namespace: str, owners: dict[tuple[str, str], str], limits: Limits, coverage: Coverage) -> Json | None:
    """A query_range matrix of pods (with the workload each belongs to as `service`) and nodes; None where there is none."""
    if not address:
        coverage.missing("metrics", "no Prometheus is connected")
        return None
    end, found, failed = time.time(), [], 0
    where = f'namespace="{namespace}"' if namespace else 'namespace!=""'
    queries = {name: query.format(where=where) for name, query in QUERIES.items()} | NODES
    for name, query in queries.items():
        try:
            series = prometheus.range_of(address, query, start=end - limits.window, end=end, step=limits.step)
        except TimonelError as error:
            coverage.lacking("metrics", error.message)
            failed += 1
            continue
        found += [{"metric": _labels(name, one.metric, owners), "values": one.values} for one in series]
    if not found:
        coverage.missing("metrics", "Prometheus answered no query" if failed else "Prometheus has no series of these pods")
        return None
    coverage.whole("metrics")
    return {"resultType": "matrix", "result": found}


def owners(objects: Iterable[Json]) -> dict[tuple[str, str], str]:
    """The workload of each pod by its namespace and name: its Deployment, or what owns it."""
    sets: dict[tuple[str, str], str] = {}
    pods = []
    for item in objects:
        if item.get("kind") == "ReplicaSet":
            sets[_at(item)] = _owner(item) or str(item["metadata"]["name"])
        elif item.get("kind") == "Pod":
            pods.append(item)
    return {_at(pod): sets.get((_at(pod)[0], _owner(pod)), _owner(pod)) or _at(pod)[1] for pod in pods}


def _labels(name: str, metric: dict[str, str], owners: dict[tuple[str, str], str]) -> dict[str, Any]:
    labels: dict[str, Any] = {"__name__": name, **metric}
    if "pod" in metric:
        labels["service"] = owners.get((metric.get("namespace", ""), metric["pod"]), metric["pod"])
    elif "instance" in metric:
        labels["node"] = labels.pop("instance").partition(":")[0]
    return labels


def _at(item: Json) -> tuple[str, str]:
    return str(item["metadata"].get("namespace", "")), str(item["metadata"]["name"])


def _owner(item: Json) -> str:
    owning = [one for one in item["metadata"].get("ownerReferences") or [] if one.get("controller")]
    return str(owning[0]["name"]) if owning else ""
