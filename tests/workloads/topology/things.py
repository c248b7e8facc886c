"""Small objects for pictures: each with no more than what a case is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workloads.topology.drawing import World, picture
from workloads.topology.picture import Picture

Json = dict[str, Any]
WEB = {"app": "web"}


def drawn(*items: Json, used: Any = None, unseen: tuple[str, ...] = ()) -> Picture:
    """The picture of these objects."""
    objects: dict[str, list[Json]] = {}
    for item in items:
        objects.setdefault(item["kind"], []).append(item)
    return picture(World(objects, used, unseen))


def thing(kind: str, name: str, labels: Mapping[str, str] | None = None, owner: str = "", **parts: Any) -> Json:
    """An object; `owner` as "ReplicaSet/web-1"."""
    metadata: Json = {"name": name, "labels": dict(labels or {})}
    if owner:
        above, _, called = owner.partition("/")
        metadata["ownerReferences"] = [{"kind": above, "name": called, "controller": True}]
    return {"kind": kind, "metadata": metadata, **parts}


def pod(name: str, labels: Mapping[str, str] | None = None, owner: str = "", *, ready: bool = True, **status: Any) -> Json:
    """A pod of one container, running; `container` is put over its status, the rest over the pod's."""
    container = {"name": "main", "ready": ready, "restartCount": 0, "state": {"running": {}}, **status.pop("container", {})}
    told = {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}], "containerStatuses": [container], **status}
    spec = {"containers": [{"name": "main", "image": "r.example.org/team/web:1"}], "nodeName": "n-1"}
    return thing("Pod", name, labels, owner, spec=spec, status=told)


def deployment(name: str, labels: Mapping[str, str] | None = None, wanted: int = 1, ready: int = 1, **status: Any) -> Json:
    """A Deployment whose pods have these labels."""
    spec = {
        "replicas": wanted,
        "template": {"metadata": {"labels": dict(labels or {})}, "spec": {"containers": [{"image": "web:1"}]}},
    }
    return thing("Deployment", name, labels, spec=spec, status={"readyReplicas": ready, "updatedReplicas": wanted, **status})


def service(name: str, selector: Mapping[str, str] | None = None, **spec: Any) -> Json:
    """A Service with one port, 80."""
    chosen = {"selector": dict(selector)} if selector else {}
    return thing("Service", name, spec={"ports": [{"name": "http", "port": 80}], **chosen, **spec})


def ingress(name: str, backend: str, port: Json | None = None, **spec: Any) -> Json:
    """An Ingress with one path."""
    path = {"path": "/", "backend": {"service": {"name": backend, "port": port or {"number": 80}}}}
    return thing("Ingress", name, spec={"rules": [{"host": "shop.example.org", "http": {"paths": [path]}}], **spec})


def route(name: str, **weights: int) -> Json:
    """An HTTPRoute that divides its requests."""
    backends = [{"name": service.replace("_", "-"), "port": 80, "weight": weight} for service, weight in weights.items()]
    return thing("HTTPRoute", name, spec={"hostnames": ["shop.example.org"], "rules": [{"backendRefs": backends}]})
