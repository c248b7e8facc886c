"""Active checks that can honestly be made from outside. What a check cannot tell apart from something else is left out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workloads.adapters.kubernetes import proxying
from workloads.adapters.kubernetes.asking import Question, as_bytes
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.proxying import Proxied
from workloads.snapshots.veil import Json, text

SECONDS = 5.0
REFUSED = ("connection refused", "no endpoints available")
SPEAKS_OTHERWISE = ("malformed HTTP", "server gave HTTP", "EOF", "connection reset", "first record does not look like")


def targets(objects: Iterable[Json], namespace: str, most: int) -> tuple[list[tuple[str, str, int]], int]:
    """TCP ports of Services (namespace, name, port), and how many Services are left out."""
    services = [item for item in objects if item.get("kind") == "Service" and item["metadata"].get("namespace") and _has_pods(item)]
    inside = [item for item in services if namespace in {"", item["metadata"]["namespace"]}]
    ports = [
        (item["metadata"]["namespace"], item["metadata"]["name"], int(port["port"]))
        for item in inside[:most]
        for port in item["spec"].get("ports") or []
        if port.get("protocol", "TCP") == "TCP"
    ]
    return ports, max(0, len(inside) - most)


def connectivity(client: Client, namespace: str, service: str, port: int) -> Json | None:
    """Whether something answers at the port of a Service; None where that cannot be told: a time-out may be a policy's."""
    answer = proxying.ask(client, namespace, service, port, "/", seconds=SECONDS)
    reached = _reached(answer)
    if reached is None:
        return None
    said = f"HTTP {answer.status}" if answer.status else text(answer.error)
    words = "Connection Succeeded" if reached else "Connection Failed"
    found: Json = {"namespace": namespace, "service": service, "port": port, "ok": reached, "results": [{"ok": reached}]}
    return found | {"text": f"{words}: {said} (through the API server's proxy)"}


def control_plane(client: Client) -> Json:
    """What the API server says of its own parts."""
    question = Question("GET", "/readyz", {"verbose": "1"}, accept="*/*", repeatable=True)
    said = as_bytes(client.stream(), question, seconds=SECONDS).decode("utf-8", "replace")
    return {"ok": "readyz check passed" in said, "text": text(said[:8_000])}


def configuration(objects: Iterable[Json]) -> Json:
    """The nodes in short, as they report themselves."""
    nodes = [_node(item) for item in objects if item.get("kind") == "Node"]
    return {"node_count": len(nodes), "nodes": nodes}


def _reached(answer: Proxied) -> bool | None:
    if answer.status:
        return True
    if any(words in answer.error for words in REFUSED):
        return False
    return True if any(words in answer.error for words in SPEAKS_OTHERWISE) else None


def _has_pods(service: Json) -> bool:
    spec = service.get("spec") or {}
    return spec.get("type") != "ExternalName" and bool(spec.get("selector")) and bool(spec.get("ports"))


def _node(item: Json) -> dict[str, Any]:
    spec, status, labels = item.get("spec") or {}, item.get("status") or {}, item["metadata"].get("labels") or {}
    conditions = {one["type"]: one["status"] for one in status.get("conditions") or []}
    ready = {"True": "Ready", "False": "NotReady"}.get(conditions.pop("Ready", ""), "Unknown")
    control = any(name.startswith("node-role.kubernetes.io/control-plane") for name in labels)
    return {
        "name": item["metadata"]["name"],
        "role": "control-plane" if control else "worker",
        "status": ready,
        "conditions": conditions,
        "taints": [
            f"{one['key']}{'=' + one['value'] if one.get('value') else ''}:{one['effect']}" for one in spec.get("taints") or []
        ],
        "labels": labels,
        "allocatable_resources": status.get("allocatable") or {},
    }
