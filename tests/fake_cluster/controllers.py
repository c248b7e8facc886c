"""The controllers of Deployments, Jobs and Services, played in a thread: enough for a rollout to end.

A pod template's label `lab/outcome` says how its pods end (ready, unready, crash, fail), as on the lab's KWOK nodes.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fake_cluster.fields import Json
from tests.fake_cluster.store import Key, Refusal, Store, selected

PODS, SETS = ("v1", "pods"), ("apps/v1", "replicasets")


@dataclass
class Controllers:
    """Looks at everything again after each change."""

    store: Store
    stopping: Callable[[], bool]

    def start(self) -> None:
        """Begin in a thread of its own."""
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        seen = -1
        while not self.stopping():
            with self.store.changed:
                if self.store.version == seen:
                    self.store.changed.wait(0.5)
                seen = self.store.version
                self._look("deployments", self._deployment)
                self._look("jobs", self._job)
                self._look("services", self._service)

    def _look(self, plural: str, control: Callable[[Key, Json], None]) -> None:
        for key, item in [(key, item) for key, item in self.store.objects.items() if key[1] == plural]:
            try:
                control(key, item)
            except Refusal:  # it moved while we looked
                continue

    def _deployment(self, key: Key, item: Json) -> None:
        spec, template = item["spec"], item["spec"]["template"]
        wanted = spec.get("replicas", 1)
        mark = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]
        outcome = template["metadata"].get("labels", {}).get("lab/outcome", "ready")
        mine = [(other, held) for other, held in self.store.objects.items() if other[:2] == SETS and _owned(held, item)]
        current = (*SETS, key[2], f"{key[3]}-{mark}")
        if current not in self.store.objects:
            labels = {**template["metadata"].get("labels", {}), "pod-template-hash": mark}
            revision = str(1 + len(mine))
            body = {"kind": "ReplicaSet", "spec": {**spec, "replicas": wanted}, "metadata": _meta(item, labels, revision)}
            self.store.create(current, body, "controller")
        ready = self._pods(current, wanted, outcome) if outcome == "ready" else self._pods(current, min(wanted, 1), outcome)
        if ready >= wanted:
            for other, _ in mine:
                if other != current:
                    self._pods(other, 0, outcome)
        sets = tuple({f"{other[3]}-" for other, _ in mine} | {f"{current[3]}-"})
        total = sum(1 for other in self.store.objects if other[:2] == PODS and other[2] == key[2] and other[3].startswith(sets))
        available = max(ready, sum(self._ready(other) for other, _ in mine if other != current))
        status = {
            "observedGeneration": item["metadata"]["generation"],
            "replicas": total,
            "updatedReplicas": wanted if outcome == "ready" else min(wanted, 1),
            "readyReplicas": available,
            "availableReplicas": available,
            "conditions": [
                {"type": "Available", "status": "True" if available >= wanted else "False"},
                {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable" if ready >= wanted else "Updated"},
            ],
        }
        self.store.patch(key, {"status": status}, "controller")

    def _ready(self, at: Key) -> int:
        pods = [item for key, item in self.store.objects.items() if key[:2] == PODS and key[3].startswith(f"{at[3]}-")]
        return sum(item["status"]["phase"] == "Running" and _is_ready(item) for item in pods)

    def _pods(self, at: Key, wanted: int, outcome: str) -> int:
        """Make or remove the pods of a set; how many are ready."""
        owner = self.store.objects[at]
        for number in range(wanted):
            key = (*PODS, at[2], f"{at[3]}-{number}")
            if key not in self.store.objects:
                template = owner["spec"]["template"]
                body = {"kind": "Pod", "spec": template["spec"], "metadata": _meta(owner, owner["metadata"]["labels"], "")}
                self.store.create(key, body | {"status": _pod_status(outcome, template)}, "controller")
        for key in [key for key in self.store.objects if key[:2] == PODS and key[3].startswith(f"{at[3]}-")]:
            if int(key[3].rpartition("-")[2]) >= wanted:
                self.store.remove(key)
        self.store.patch(at, {"spec": {"replicas": wanted}, "status": {"replicas": wanted}}, "controller")
        return wanted if outcome == "ready" else 0

    def _job(self, key: Key, item: Json) -> None:
        if item.get("status", {}).get("conditions"):
            return
        template = item["spec"]["template"]
        outcome = template.get("metadata", {}).get("labels", {}).get("lab/outcome", "ready")
        if outcome == "unready":
            self.store.patch(key, {"status": {"active": 1}}, "controller")
            return
        failed = outcome in {"fail", "crash"}
        condition = {
            "type": "Failed" if failed else "Complete",
            "status": "True",
            "reason": "BackoffLimitExceeded" if failed else "",
        }
        pod = (*PODS, key[2], f"{key[3]}-0")
        if pod not in self.store.objects:
            labels = {**template.get("metadata", {}).get("labels", {}), "job-name": key[3], "batch.kubernetes.io/job-name": key[3]}
            body = {"kind": "Pod", "spec": template["spec"], "metadata": _meta(item, labels, "")}
            self.store.create(pod, body | {"status": {"phase": "Failed" if failed else "Succeeded"}}, "controller")
        self.store.patch(key, {"status": {"failed" if failed else "succeeded": 1, "conditions": [condition]}}, "controller")

    def _service(self, key: Key, item: Json) -> None:
        chosen = item["spec"].get("selector")
        if not chosen:
            return
        wanted = selected(",".join(f"{name}={value}" for name, value in chosen.items()), "")
        pods = [pod for pod in self.store.listed("v1", "pods", key[2], wanted) if pod.get("status", {}).get("podIP")]
        endpoints = [
            {
                "addresses": [pod["status"]["podIP"]],
                "conditions": {"ready": _is_ready(pod)},
                "targetRef": {"kind": "Pod", "name": pod["metadata"]["name"], "namespace": key[2]},
            }
            for pod in pods
        ]
        at = ("discovery.k8s.io/v1", "endpointslices", key[2], f"{key[3]}-fake")
        body = {"kind": "EndpointSlice", "endpoints": endpoints, "addressType": "IPv4", "ports": item["spec"].get("ports", [])}
        if at in self.store.objects:
            self.store.patch(at, body, "controller")
        else:
            labels = {"kubernetes.io/service-name": key[3]}
            self.store.create(at, {**body, "metadata": _meta(item, labels, "")}, "controller")


def _owned(item: Json, owner: Json) -> bool:
    return any(one["uid"] == owner["metadata"]["uid"] for one in item["metadata"].get("ownerReferences", []))


def _is_ready(pod: Json) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))


def _meta(owner: Json, labels: Json, revision: str) -> Json:
    at = owner["metadata"]
    reference = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": at["name"],
        "uid": at["uid"],
        "controller": True,
    }
    notes: dict[str, Any] = {"annotations": {"deployment.kubernetes.io/revision": revision}} if revision else {}
    return {"labels": labels, "ownerReferences": [reference], **notes}


def _pod_status(outcome: str, template: Json) -> Json:
    ready = outcome == "ready"
    state: Json = {"running": {}}
    if outcome == "crash":
        state = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}}
    containers = [
        {"name": one["name"], "image": one.get("image", ""), "ready": ready, "restartCount": 0 if ready else 3, "state": state}
        for one in template["spec"].get("containers", [])
    ]
    condition = {"type": "Ready", "status": "True" if ready else "False"}
    return {"phase": "Running", "podIP": "10.0.0.1", "conditions": [condition], "containerStatuses": containers}
