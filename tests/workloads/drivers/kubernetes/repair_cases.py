"""One fault of each kind, injected into a namespace of a real cluster, with the repair that mends it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.workloads.drivers.kubernetes.stage import ClusterStage
from workloads.adapters.kubernetes.kinds import Json, kind_named
from workloads.repairs import Ref, Repair

WEB = "shop-web"
PORT = {"port": 80, "targetPort": 8000}


@dataclass(frozen=True)
class Case:
    """`inject` breaks something and says what mends it. `verdict` is what a cluster whose pods are pretended can show."""

    kind: str
    inject: Callable[[ClusterStage], Repair]
    verdict: str = "passed"
    undone: bool = True


def repair(shop: ClusterStage, kind: str, what: str, name: str, /, **parameters: Any) -> Repair:
    """A repair of an object in the namespace, or of the cluster where it has none."""
    space = "" if what in {"Node", "PersistentVolume"} else shop.namespace
    return Repair(kind, Ref(what, name, space), parameters, f"{kind} {what}/{name}")


def edit(shop: ClusterStage, what: str, name: str, change: Json) -> None:
    """As somebody with kubectl does it."""
    shop.kube.patch(kind_named(what), name, shop.namespace, change, manager="kubectl-edit")


def make(shop: ClusterStage, api: str, what: str, name: str, *, cluster: bool = False, **content: Any) -> Json:
    """An object that is simply there."""
    space = {} if cluster else {"namespace": shop.namespace}
    return shop.kube.create({"apiVersion": api, "kind": what, "metadata": {"name": name, **space}, **content})


def container(shop: ClusterStage) -> Json:
    """The container of the web pods, as it lives."""
    web = shop.live("Deployment", WEB)
    assert web is not None
    found: Json = web["spec"]["template"]["spec"]["containers"][0]
    return found


def contain(shop: ClusterStage, **change: Any) -> Json:
    """The container otherwise; as it is then."""
    edit(shop, "Deployment", WEB, {"spec": {"template": {"spec": {"containers": [container(shop) | change]}}}})
    return container(shop)


def until(holds: Callable[[], Any]) -> Any:
    """What it gives once it gives anything, within two minutes."""
    end = time.monotonic() + 120
    while not (found := holds()):
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.3)
    return found


def stopped(shop: ClusterStage) -> Repair:
    edit(shop, "Deployment", WEB, {"spec": {"replicas": 0}})
    return repair(shop, "scale", "Deployment", WEB, replicas=2, was=0)


def tired(shop: ClusterStage) -> Repair:
    return repair(shop, "restart", "Deployment", WEB, at=datetime.now(UTC).isoformat(timespec="seconds"))


def hungry(shop: ClusterStage) -> Repair:
    held = contain(shop, resources={"limits": {"memory": "16Mi"}, "requests": {"memory": "16Mi"}})
    line = {"part": "limits", "resource": "memory", "was": "16Mi", "to": "256Mi"}
    return repair(shop, "set_resources", "Deployment", WEB, container=held["name"], lines=[line])


def misnamed(shop: ClusterStage) -> Repair:
    good = container(shop)["image"]
    held = contain(shop, image="registry.example/none:wrong")
    return repair(shop, "set_image", "Deployment", WEB, container=held["name"], was=held["image"], to=good)


def misprobed(shop: ClusterStage) -> Repair:
    fits = {"tcpSocket": {"port": container(shop)["ports"][0]["containerPort"]}, "periodSeconds": 2}
    right = contain(shop, readinessProbe=None) and contain(shop, readinessProbe=fits)["readinessProbe"]
    wrong = contain(shop, readinessProbe={**right, "tcpSocket": {"port": 9}})["readinessProbe"]
    told = {"container": container(shop)["name"], "probe": "readinessProbe", "was": wrong, "to": right}
    return repair(shop, "fix_probe", "Deployment", WEB, **told)


def deaf(shop: ClusterStage) -> Repair:
    live = shop.live("Service", "shop")
    assert live is not None
    right = live["spec"]["selector"]
    wrong = {**right, "app.kubernetes.io/component": "wbe"}
    edit(shop, "Service", "shop", {"spec": {"selector": wrong}})
    return repair(shop, "fix_service", "Service", "shop", selector={"was": wrong, "to": right})


def misled(shop: ClusterStage) -> Repair:
    held = contain(shop, env=[*(container(shop).get("env") or []), {"name": "SHOP_URL", "value": "http://shpo:80"}])
    told = {"container": held["name"], "name": "SHOP_URL", "was": "http://shpo:80", "to": "http://shop:80"}
    return repair(shop, "set_variable", "Deployment", WEB, **told)


def lost(shop: ClusterStage) -> Repair:
    live = shop.live("Service", "shop")
    assert live is not None
    shop.kube.delete(kind_named("Service"), "shop", shop.namespace)
    spec = {name: live["spec"][name] for name in ("selector", "ports", "type")}
    wanted = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "shop", "namespace": shop.namespace}, "spec": spec}
    return repair(shop, "create_declared", "Service", "shop", object=wanted)


def cramped(shop: ClusterStage) -> Repair:
    make(shop, "v1", "ResourceQuota", "small", spec={"hard": {"pods": "2"}})
    edit(shop, "Deployment", WEB, {"spec": {"replicas": 3}})
    until(lambda: (shop.live("ResourceQuota", "small") or {}).get("status", {}).get("used"))
    return repair(shop, "raise_quota", "ResourceQuota", "small", lines=[{"resource": "pods", "was": "2", "to": "10"}])


def shaky(shop: ClusterStage) -> Repair:
    make(shop, "v1", "Node", f"{shop.namespace}-a", cluster=True)
    return repair(shop, "cordon", "Node", f"{shop.namespace}-a")


def closed(shop: ClusterStage) -> Repair:
    name = f"{shop.namespace}-b"
    make(shop, "v1", "Node", name, cluster=True, spec={"unschedulable": True})
    condition = {"type": "Ready", "status": "True", "lastHeartbeatTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    shop.kube.patch(kind_named("Node"), name, "", {"status": {"conditions": [condition]}}, manager="test", part="status")
    return repair(shop, "uncordon", "Node", name)


def stuck(shop: ClusterStage) -> Repair:
    pod = shop.all("Pod", "app.kubernetes.io/component=web")[0]["metadata"]
    return repair(shop, "delete_pod", "Pod", pod["name"], uid=pod["uid"], of=f"Deployment/{WEB}")


def volume(shop: ClusterStage, name: str, class_: str) -> str:
    """A volume of a class of its own that keeps its data."""
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": "Retain"}
    spec |= {"storageClassName": class_, "hostPath": {"path": f"/tmp/{shop.namespace}"}}
    make(shop, "v1", "PersistentVolume", f"{shop.namespace}-{name}", cluster=True, spec=spec)
    return f"{shop.namespace}-{name}"


def claim(shop: ClusterStage, name: str, class_: str, **more: Any) -> Json:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": class_, **more}
    return make(shop, "v1", "PersistentVolumeClaim", name, spec=spec)


def phase(shop: ClusterStage, what: str, name: str) -> str:
    space = "" if what == "PersistentVolume" else shop.namespace
    live = shop.kube.get(kind_named(what), name, space)
    return str((live or {}).get("status", {}).get("phase", ""))


def full(shop: ClusterStage) -> Repair:
    class_ = f"{shop.namespace}-grows"
    make(shop, "storage.k8s.io/v1", "StorageClass", class_, cluster=True, provisioner="none", allowVolumeExpansion=True)
    claim(shop, "grows", class_, volumeName=volume(shop, "grows", class_))
    until(lambda: phase(shop, "PersistentVolumeClaim", "grows") == "Bound")
    return repair(shop, "expand_claim", "PersistentVolumeClaim", "grows", was="1Gi", to="2Gi")


def unbound(shop: ClusterStage) -> Repair:
    volume(shop, "fits", f"{shop.namespace}-right")
    claim(shop, "fits", f"{shop.namespace}-wrong")
    change = {"path": ["spec", "storageClassName"], "was": f"{shop.namespace}-wrong", "to": f"{shop.namespace}-right"}
    return repair(shop, "patch_claim", "PersistentVolumeClaim", "fits", edits=[change])


def left(shop: ClusterStage) -> Repair:
    class_ = f"{shop.namespace}-left"
    name = volume(shop, "left", class_)
    uid = claim(shop, "left", class_)["metadata"]["uid"]
    until(lambda: phase(shop, "PersistentVolume", name) == "Bound")
    shop.kube.delete(kind_named("PersistentVolumeClaim"), "left", shop.namespace)
    until(lambda: phase(shop, "PersistentVolume", name) == "Released")
    claim(shop, "again", class_)
    return repair(shop, "release_volume", "PersistentVolume", name, claim=f"{shop.namespace}/left", uid=uid)


def returned(shop: ClusterStage) -> Repair:
    good = container(shop)["image"]
    former = max(shop.all("ReplicaSet"), key=lambda one: one["spec"]["replicas"])
    held = contain(shop, image="registry.example/none:broken")
    where = ["spec", "containers", f"[name={held['name']}]", "image"]
    told = {"revision": former["metadata"]["annotations"]["deployment.kubernetes.io/revision"]}
    told |= {"replica_set": former["metadata"]["name"]}
    edits = [{"path": where, "was": held["image"], "to": good}]
    return repair(shop, "return_template", "Deployment", WEB, edits=edits, **told)


def homeless(shop: ClusterStage) -> Repair:
    edit(shop, "Deployment", WEB, {"spec": {"template": {"spec": {"nodeSelector": {"disk": "ssd"}}}}})
    return repair(shop, "patch_scheduling", "Deployment", WEB, edits=[{"path": ["nodeSelector", "disk"], "was": "ssd"}])


def foreign(shop: ClusterStage) -> Repair:
    edit(shop, "Deployment", WEB, {"spec": {"template": {"spec": {"securityContext": {"fsGroup": 7}}}}})
    edits = [{"path": ["securityContext", "fsGroup"], "was": 7, "to": 1000}]
    return repair(shop, "patch_template", "Deployment", WEB, edits=edits)


def misrouted(shop: ClusterStage) -> Repair:
    backend = {"service": {"name": "shpo", "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    make(shop, "networking.k8s.io/v1", "Ingress", "door", spec={"rules": [{"host": "a.example", "http": {"paths": paths}}]})
    where = ["spec", "rules", 0, "http", "paths", 0, "backend", "service", "name"]
    return repair(shop, "patch_route", "Ingress", "door", service="shop", edits=[{"path": where, "was": "shpo", "to": "shop"}])


def miswritten(shop: ClusterStage) -> Repair:
    make(shop, "v1", "ConfigMap", "proxy", data={"nginx.conf": "location / { proxy_pass http://shpo:80; }\n"})
    at = datetime.now(UTC).isoformat(timespec="seconds")
    told = {"key": "nginx.conf", "was": "http://shpo:80", "to": "http://shop:80", "service": "shop"}
    return repair(shop, "patch_configuration", "ConfigMap", "proxy", readers=[f"Deployment/{WEB}"], at=at, **told)


CASES = (
    Case("scale", stopped),
    Case("restart", tired, undone=False),
    Case("set_resources", hungry),
    Case("set_image", misnamed),
    Case("fix_probe", misprobed),
    Case("fix_service", deaf),
    Case("set_variable", misled),
    Case("create_declared", lost),
    Case("raise_quota", cramped),
    Case("cordon", shaky),
    Case("uncordon", closed),
    Case("delete_pod", stuck, undone=False),
    Case("expand_claim", full, verdict="inconclusive", undone=False),  # nothing here makes a volume larger
    Case("patch_claim", unbound, undone=False),  # bound by then: made anew it would lose its volume
    Case("release_volume", left, undone=False),
    Case("return_template", returned),
    Case("patch_scheduling", homeless),
    Case("patch_template", foreign),
    Case("patch_route", misrouted),
    Case("patch_configuration", miswritten),
)
