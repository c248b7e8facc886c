"""10,000 pods as a real API server tells them, served in chunks by a process of their own: the cost measured is the client's."""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]
VERSION = "100000"
OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "uid": "u", "controller": True}
_OWNED = {"f:metadata": {"f:labels": {"f:app": {}, "f:pod-template-hash": {}}}, "f:spec": {"f:containers": {}, "f:nodeName": {}}}
FIELDS = {"fieldsType": "FieldsV1", "fieldsV1": _OWNED}


def pod(number: int) -> Json:
    """One pod of the usual size (about 4 kB of JSON), as a Deployment's with a sidecar and probes is."""
    at = "2026-01-01T00:00:00Z"
    conditions = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    return {
        "metadata": _metadata(number, at),
        "spec": {
            "containers": [_container("web", 8000), _container("proxy", 9000)],
            "volumes": [{"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}],
            "restartPolicy": "Always",
            "nodeName": f"node-{number % 200}",
            "serviceAccountName": "web",
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "tolerations": [
                {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
                for key in ("not-ready", "unreachable")
            ],
        },
        "status": {
            "phase": "Running",
            "hostIP": "10.0.0.1",
            "podIP": f"10.1.{number % 250}.{number // 250}",
            "startTime": at,
            "qosClass": "Burstable",
            "conditions": [{"type": kind, "status": "True", "lastTransitionTime": at} for kind in conditions],
            "containerStatuses": [_status("web", at), _status("proxy", at)],
        },
    }


def _metadata(number: int, at: str) -> Json:
    owner = f"web-{number % 50}-5d8c7b9f6"
    managers = ("kube-controller-manager", "kube-scheduler", "kubelet")
    return {
        "name": f"{owner}-{number:05}",
        "generateName": f"{owner}-",
        "namespace": f"shop-{number % 20}",
        "uid": f"00000000-0000-4000-8000-{number:012}",
        "resourceVersion": str(1000 + number),
        "generation": 1,
        "creationTimestamp": at,
        "labels": {"app": f"web-{number % 50}", "pod-template-hash": "5d8c7b9f6", "timonel.dev/environment": str(number % 20)},
        "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "8000"},
        "ownerReferences": [{**OWNER, "name": owner}],
        "managedFields": [{"manager": who, "operation": "Update", "apiVersion": "v1", "time": at, **FIELDS} for who in managers],
    }


def _container(name: str, port: int) -> Json:
    probe = {"httpGet": {"path": "/healthz", "port": port, "scheme": "HTTP"}, "periodSeconds": 10, "failureThreshold": 3}
    return {
        "name": name,
        "image": f"registry.example.org/shop/{name}@sha256:{'a' * 64}",
        "ports": [{"name": "http", "containerPort": port, "protocol": "TCP"}],
        "env": [{"name": f"SETTING_{number}", "value": f"value {number}"} for number in range(8)],
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
        "livenessProbe": probe,
        "readinessProbe": probe,
        "volumeMounts": [{"name": "token", "readOnly": True, "mountPath": "/var/run/secrets/token"}],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }


def _status(name: str, at: str) -> Json:
    return {
        "name": name,
        "state": {"running": {"startedAt": at}},
        "lastState": {},
        "ready": True,
        "restartCount": 0,
        "image": f"registry.example.org/shop/{name}",
        "imageID": f"registry.example.org/shop/{name}@sha256:{'a' * 64}",
        "containerID": f"containerd://{'b' * 64}",
        "started": True,
    }


class Handler(BaseHTTPRequestHandler):
    """Lists of the payload, whole or in chunks; watches that say nothing but bookmarks."""

    protocol_version = "HTTP/1.1"
    items: list[bytes]
    answers: dict[tuple[int, int], bytes]

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if asked.get("watch"):
            self._watch(float(asked.get("timeoutSeconds", "5")))
            return
        begin, limit = int(asked.get("continue", "0")), int(asked.get("limit", "0")) or len(self.items)
        body = self._page(begin, begin + limit)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _page(self, begin: int, end: int) -> bytes:
        if (begin, end) not in self.answers:
            more = f', "continue": "{end}"' if end < len(self.items) else ""
            head = f'{{"kind": "PodList", "apiVersion": "v1", "metadata": {{"resourceVersion": "{VERSION}"{more}}}, "items": ['
            self.answers[begin, end] = head.encode() + b",".join(self.items[begin:end]) + b"]}"
        return self.answers[begin, end]

    def _watch(self, seconds: float) -> None:
        mark = {"type": "BOOKMARK", "object": {"kind": "Pod", "apiVersion": "v1", "metadata": {"resourceVersion": VERSION}}}
        line = json.dumps(mark).encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
        threading.Event().wait(seconds)
        self.wfile.write(b"0\r\n\r\n")


def main() -> None:
    """Serve so many pods on a free port, which is printed, until the standard input ends."""
    items = [json.dumps(pod(number), separators=(",", ":")).encode() for number in range(int(sys.argv[1]))]
    handler = type("Bound", (Handler,), {"items": items, "answers": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], sum(map(len, items)), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
