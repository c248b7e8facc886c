"""A small shop of live objects, and controllers that succeed: what a cluster makes of what was written."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.snapshot import Snapshot
from workloads.diagnosis.view.cluster import View
from workloads.repairs import Ref, Repair, after, read, wanted

Json = dict[str, Any]
NAMESPACE = "shop"
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


def named(kind: str, name: str, namespace: str = NAMESPACE, **fields: Any) -> Json:
    """An object."""
    metadata: Json = {"name": name, "uid": f"{kind}-{name}".lower()} | ({"namespace": namespace} if namespace else {})
    return {"kind": kind, "metadata": metadata | fields.pop("metadata", {}), **fields}


def template(app: str = "web", **fields: Any) -> Json:
    """A pod template with one container, which fields of it change; `pod` are fields of the pod's spec."""
    pod = fields.pop("pod", {})
    container = {"name": app, "image": f"registry.example.com/shop/{app}:1.4.2", "ports": [{"containerPort": 8000}]} | fields
    return {"metadata": {"labels": {"app": app}}, "spec": {"containers": [container]} | pod}


def deployment(app: str = "web", replicas: int = 1, made: Json | None = None) -> Json:
    """A Deployment."""
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": app}}, "template": made or template(app)}
    return named("Deployment", app, spec=spec)


def replica_set(app: str, revision: int, made: Json, ready: int = 0) -> Json:
    """A ReplicaSet of a revision."""
    labels = made["metadata"]["labels"] | {"pod-template-hash": f"h{revision}"}
    owner = {"kind": "Deployment", "name": app, "controller": True}
    metadata = {"annotations": {"deployment.kubernetes.io/revision": str(revision)}, "ownerReferences": [owner]}
    within = {"metadata": {"labels": labels}, "spec": made["spec"]}
    return named(
        "ReplicaSet",
        f"{app}-h{revision}",
        metadata=metadata,
        spec={"replicas": ready, "template": within},
        status={"readyReplicas": ready},
    )


def pod(app: str, made: Json | None = None, ready: bool = True, owner: str = "", number: int = 1, **status: Any) -> Json:
    """A pod of a template; `status` are fields of its container's status."""
    spec = copy.deepcopy((made or template(app))["spec"])
    kind, _, name = (owner or f"Deployment/{app}").partition("/")
    states = [
        {
            "name": each["name"],
            "ready": ready,
            "restartCount": 0,
            "imageID": "sha256:0",
            "state": {"running": {"startedAt": "2026-05-04T09:59:00Z"}},
        }
        | status
        for each in spec.get("containers") or []
    ]
    metadata = {
        "labels": (made or template(app))["metadata"].get("labels", {}),
        "annotations": (made or template(app))["metadata"].get("annotations", {}),
        "ownerReferences": [{"kind": kind, "name": name, "controller": True}],
    }
    conditions = [{"type": "Ready", "status": str(ready)}, {"type": "PodScheduled", "status": "True"}]
    told = {"phase": "Running", "containerStatuses": states, "conditions": conditions}
    return named("Pod", f"{app}-{number}-new", metadata=metadata, spec=spec | {"nodeName": "node-a"}, status=told)


def node(name: str = "node-a", labels: Json | None = None, **spec: Any) -> Json:
    """A node that is ready."""
    status = {"allocatable": {"cpu": "4", "memory": "8Gi"}, "conditions": [{"type": "Ready", "status": "True"}]}
    return named("Node", name, "", metadata={"labels": labels or {}}, spec=spec, status=status)


def service(app: str = "web", selector: Json | None = None, **port: Any) -> Json:
    """A Service with one port."""
    return named("Service", app, spec={"selector": selector or {"app": app}, "ports": [{"port": 80, "targetPort": 8000} | port]})


def view(*objects: Json, **more: Any) -> View:
    """The evidence of these objects."""
    return View(Snapshot(objects=objects, namespace=NAMESPACE, collected_at="2026-05-04T10:00:00Z", **more))


def about(fault: str, target: str = "app/web", **more: Any) -> Hypothesis:
    """A hypothesis."""
    return Hypothesis(fault, target, NAMESPACE, 0.9, more.pop("summary", ""), **more)


def live(objects: Iterable[Json], ref: Ref) -> Json | None:
    """The object meant."""
    return next((each for each in objects if ref.of(each)), None)


def written(objects: Iterable[Json], repair: Repair) -> list[Json]:
    """The objects with what the repair writes, and with what must follow it; nothing has happened yet because of it."""
    made = list(objects)
    for each in (repair, *after(repair)):
        wrote = wanted(read(each.as_json()), live(made, each.ref))
        made = [one for one in made if not each.ref.of(one)] + ([wrote] if wrote is not None else [])
    return made


def carried_out(objects: Iterable[Json]) -> list[Json]:
    """What controllers make of it when all goes well: pods of the templates, bound claims, nodes for pods."""
    made = [copy.deepcopy(each) for each in objects]
    owners = [each for each in made if each["kind"] in WORKLOADS]
    kept = [each for each in made if each["kind"] != "Pod"]
    pods = [one for each in owners for one in _pods(each)]
    return [_bound(each) for each in kept] + pods


def _pods(owner: Json) -> list[Json]:
    name, spec = owner["metadata"]["name"], owner["spec"]
    number = 1 if owner["kind"] == "DaemonSet" else spec.get("replicas", 1)
    found = [pod(name, spec["template"], owner=f"{owner['kind']}/{name}", number=at) for at in range(number)]
    for each in found:
        each["metadata"]["namespace"] = owner["metadata"].get("namespace", NAMESPACE)
    return found


def _bound(obj: Json) -> Json:
    asked = ((obj.get("spec") or {}).get("resources") or {}).get("requests") or {}
    if obj["kind"] == "PersistentVolumeClaim":
        return obj | {"status": {"phase": "Bound", "capacity": asked}}
    if obj["kind"] == "PersistentVolume":
        return obj | {
            "status": {"phase": "Bound"},
            "spec": obj["spec"] | {"claimRef": {"namespace": NAMESPACE, "name": "data", "uid": "new"}},
        }
    return obj
