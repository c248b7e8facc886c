"""What runs in a namespace, as it was read; and objects without what only their server writes."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
KINDS = ("Deployment", "Service", "Ingress", "ConfigMap", "HorizontalPodAutoscaler", "Pod", "StatefulSet", "DaemonSet", "CronJob")
SERVERS = frozenset({"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink", "ownerReferences"})
NOTES = ("kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/", "timonel.dev/")
GIVEN = frozenset({"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort", "internalTrafficPolicy"})


@dataclass(frozen=True, slots=True)
class Running:
    """Everything of the kinds in KINDS that a namespace holds."""

    items: tuple[Json, ...]

    def all(self, kind: str) -> list[Json]:
        """Those of one kind."""
        return [item for item in self.items if item["kind"] == kind]

    def named(self, kind: str, name: str) -> Json | None:
        """The one of this name."""
        return next((item for item in self.all(kind) if name_of(item) == name), None)

    def pods_of(self, workload: Mapping[str, Any]) -> list[Json]:
        """The pods that a Deployment's selector meets and that are not ending."""
        chosen = workload["spec"].get("selector", {}).get("matchLabels") or {}
        return [pod for pod in self.all("Pod") if meets(chosen, labels_of(pod)) and not pod["metadata"].get("deletionTimestamp")]


def name_of(item: Mapping[str, Any]) -> str:
    """What it is called."""
    return str(item["metadata"]["name"])


def title(item: Mapping[str, Any]) -> str:
    """What it is called with its kind: Deployment/web."""
    return f"{item['kind']}/{name_of(item)}"


def labels_of(item: Mapping[str, Any]) -> dict[str, str]:
    """Its labels."""
    return dict(item["metadata"].get("labels") or {})


def pod_labels(workload: Mapping[str, Any]) -> dict[str, str]:
    """The labels of the pods it makes."""
    return dict(workload["spec"]["template"].get("metadata", {}).get("labels") or {})


def meets(chosen: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether a selector, that is not empty, meets these labels."""
    return bool(chosen) and all(labels.get(name) == value for name, value in chosen.items())


def cleaned(item: Mapping[str, Any]) -> Json:
    """The object as somebody could have applied it: without status, versions, owners and what its server fills in."""
    found: Json = copy.deepcopy({name: value for name, value in item.items() if name != "status"})
    metadata = {name: value for name, value in found["metadata"].items() if name not in SERVERS}
    notes = {name: value for name, value in (metadata.pop("annotations", None) or {}).items() if not name.startswith(NOTES)}
    found["metadata"] = {**metadata, "annotations": notes} if notes else metadata
    if found["kind"] == "Service":
        found["spec"] = {name: value for name, value in found["spec"].items() if name not in GIVEN}
    if found["kind"] == "Deployment":
        (found["spec"]["template"].get("metadata") or {}).pop("creationTimestamp", None)
    return found


def titles(items: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """What they are called, in order."""
    return tuple(sorted(title(item) for item in items))
