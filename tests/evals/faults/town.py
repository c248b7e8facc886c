"""A small town in a namespace: a shop that asks a database, as somebody applied it with kubectl. Its pods really run."""

from __future__ import annotations

import copy
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.kinds import Json, kind_named, kind_of

IMAGE = os.environ.get("TIMONEL_TEST_IMAGE", "")
NODES = json.loads(os.environ.get("TIMONEL_TEST_NODES", "{}"))
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
PATIENCE = 120.0

# Answers /healthz without the database and every other page with it; asks itself every second, as a customer would.
SHOP = """
import http.server, os, socket, threading, time, traceback, urllib.request
secret, greeting = os.environ["SECRET_KEY"], os.environ.get("GREETING", "")
held = bytearray(int(os.environ.get("HOLD_MIB", "8")) << 20)
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status = 200
        if self.path != "/healthz":
            try:
                socket.create_connection((os.environ["DB_HOST"], int(os.environ["DB_PORT"])), 2).close()
            except OSError:
                status = 500
                traceback.print_exc()
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *told):
        pass
def customer():
    while True:
        time.sleep(1)
        try:
            urllib.request.urlopen("http://127.0.0.1:8000/", timeout=5).close()
        except OSError:
            pass
threading.Thread(target=customer, daemon=True).start()
print("Listening at: http://0.0.0.0:8000", flush=True)
http.server.ThreadingHTTPServer(("", 8000), Page).serve_forever()
"""
DATABASE = """
import socketserver
class Talk(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.recv(100)
socketserver.ThreadingTCPServer.allow_reuse_address = True
print("database system is ready to accept connections", flush=True)
socketserver.ThreadingTCPServer(("", 5432), Talk).serve_forever()
"""
SAFE = {"runAsUser": 1000, "runAsNonRoot": True, "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def container(program: str, port: int, env: list[Json], probe: Json) -> Json:
    """One that is restricted, small, and probed."""
    return {
        "name": "main",
        "image": IMAGE,
        "command": ["python", "-u", "-c", program],
        "env": env,
        "ports": [{"containerPort": port, "name": "main"}],
        "readinessProbe": {**probe, "periodSeconds": 2},
        "livenessProbe": {**probe, "periodSeconds": 3, "failureThreshold": 3},
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "500m", "memory": "96Mi"}},
        "securityContext": SAFE,
    }


def deployment(name: str, replicas: int, of: Json, **pod: Any) -> Json:
    """A Deployment that comes up quickly and gives up soon."""
    spec = {"nodeSelector": NODES, "terminationGracePeriodSeconds": 1, "containers": [of], **pod}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "replicas": replicas,
            "progressDeadlineSeconds": 60,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": spec},
        },
    }


def service(name: str, port: int, target: int) -> Json:
    """A Service of the pods with its name."""
    spec = {"selector": {"app": name}, "ports": [{"name": "main", "port": port, "targetPort": target}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


def objects() -> list[Json]:
    """Everything there is, as it was applied."""
    env: list[Json] = [
        {"name": "DB_HOST", "value": "db"},
        {"name": "DB_PORT", "value": "5432"},
        {"name": "SECRET_KEY", "valueFrom": {"secretKeyRef": {"name": "web", "key": "SECRET_KEY"}}},
        {"name": "GREETING", "valueFrom": {"configMapKeyRef": {"name": "web", "key": "GREETING"}}},
    ]
    page, line = {"httpGet": {"path": "/healthz", "port": 8000}}, {"tcpSocket": {"port": 5432}}
    return [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web"}, "stringData": {"SECRET_KEY": "not-so-very-secret"}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"GREETING": "welcome"}},
        deployment("db", 1, container(DATABASE, 5432, [], line)),
        service("db", 5432, 5432),
        deployment("web", 2, container(SHOP, 8000, env, page)),
        service("web", 80, 8000),
    ]


@dataclass(frozen=True)
class Town:
    """The town, and how it is changed by somebody at a terminal."""

    kube: Client
    namespace: str

    def build(self) -> None:
        """Apply everything, and wait until it stands."""
        for item in objects():
            self.create(item)
        self.until(lambda: self.stands("db") and self.stands("web"), "the town stands")

    def create(self, item: Json) -> Json:
        """Make an object, with what was applied written on it as kubectl does."""
        made = copy.deepcopy(item)
        if made["kind"] not in ("Node", "PersistentVolume"):
            made["metadata"]["namespace"] = self.namespace
        if made["kind"] != "Secret":
            made["metadata"].setdefault("annotations", {})[LAST_APPLIED] = json.dumps(made)
        return self.kube.create(made)

    def get(self, kind: str, name: str) -> Json:
        """One object that must be there."""
        found = self.kube.get(kind_named(kind), name, "" if kind == "Node" else self.namespace)
        assert found is not None, (kind, name)
        return found

    def edit(self, kind: str, name: str, change: Callable[[Json], Any]) -> None:
        """`kubectl edit`: the whole object, changed."""
        for _ in range(10):
            found = self.get(kind, name)
            change(found)
            path = kind_of(found).path(str(found["metadata"].get("namespace", "")), name)
            try:
                self.kube.ask("PUT", path, {"fieldManager": "kubectl-edit"}, found)
            except Exception as error:  # a controller wrote in between
                if "modified" not in str(error):
                    raise
            else:
                return

    def pod(self, name: str, change: Callable[[Json], Any]) -> None:
        """Change the pod template of a Deployment."""
        self.edit("Deployment", name, lambda found: change(found["spec"]["template"]["spec"]))

    def main(self, name: str, change: Callable[[Json], Any]) -> None:
        """Change the container of a Deployment."""
        self.pod(name, lambda spec: change(spec["containers"][0]))

    def pods(self, name: str) -> list[Json]:
        """Its pods."""
        return self.kube.listing(kind_named("Pod"), self.namespace, labels=f"app={name}").items

    def nodes(self) -> list[str]:
        """The nodes that its pods may run on."""
        labels = ",".join(f"{name}={value}" for name, value in NODES.items())
        return [node["metadata"]["name"] for node in self.kube.listing(kind_named("Node"), labels=labels).items]

    def restart(self, name: str) -> None:
        """`kubectl delete pod`, all of them."""
        for pod in self.pods(name):
            self.kube.delete(kind_named("Pod"), pod["metadata"]["name"], self.namespace)

    def stands(self, name: str) -> bool:
        """Whether all of its pods are the newest, and ready."""
        found = self.get("Deployment", name)
        status: Mapping[str, Any] = found.get("status", {})
        wanted = found["spec"]["replicas"]
        seen = status.get("observedGeneration") == found["metadata"]["generation"]
        counts = (status.get("readyReplicas", 0), status.get("updatedReplicas", 0), status.get("replicas", 0))
        return seen and counts == (wanted, wanted, wanted)

    def until(self, holds: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
        """Wait for it."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"{what}: not within {seconds:.0f} s"
            time.sleep(0.5)


def named(env: list[Json], name: str) -> Json:
    """One variable among these."""
    return next(one for one in env if one["name"] == name)
