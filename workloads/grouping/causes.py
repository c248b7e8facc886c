"""What groups alerts into one incident: the name of the alert, and the object that its labels name.

Objects are told at the level of workloads: a hundred pods of one Deployment are one cause. The labels of kube-state-metrics name
the object by its kind, and the exporter by `service`, `job` and `instance`; so those count last. A label that Prometheus renamed
(`exported_pod`, where the exporter has one of its own) is the object's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

LONGEST = 200  # characters of a key
# Label and kind, the most telling first. `job` is the name of a scrape; the Job of a cluster is `job_name`.
NAMED = (
    ("deployment", "deployment"),
    ("statefulset", "statefulset"),
    ("daemonset", "daemonset"),
    ("cronjob", "cronjob"),
    ("job_name", "job"),
    ("replicaset", "deployment"),
    ("horizontalpodautoscaler", "horizontalpodautoscaler"),
    ("persistentvolumeclaim", "persistentvolumeclaim"),
    ("ingress", "ingress"),
    ("workload", "workload"),
    ("pod", "pod"),
    ("node", "node"),
    ("service", "service"),
    ("instance", "instance"),
    ("job", "job"),
)
KNOWN = frozenset({"alertname", "namespace", "severity", "prometheus", "alertgroup", *(label for label, _ in NAMED)})
# Grouped by one of these, every copy would be a cause of its own.
FINE = frozenset({"pod", "container", "instance", "uid", "endpoint", "replicaset"})
# What Kubernetes makes names of (apimachinery, rand.SafeEncodeString): no vowels, no digits that look like letters.
_SAFE = "[bcdfghjklmnpqrstvwxz2456789]"
_POD_OF_A_REPLICA_SET = re.compile(rf"(.+)-{_SAFE}{{6,10}}-{_SAFE}{{5}}")
_POD_OF_A_STATEFUL_SET = re.compile(r"(.+)-\d{1,4}")
_POD_OF_A_CRON_JOB = re.compile(rf"(.+)-\d{{8,10}}-{_SAFE}{{5}}")
_POD_OF_ANOTHER = re.compile(rf"(.+)-{_SAFE}{{5}}")
_REPLICA_SET = re.compile(rf"(.+)-{_SAFE}{{6,10}}")
_JOB_OF_A_CRON_JOB = re.compile(r"(.+)-\d{8,10}")


@dataclass(frozen=True, slots=True)
class Cause:
    """What alerts of one incident share. `object` is `kind/name`, empty where no label names one; `key` is their group's."""

    key: str
    object: str


def cause_of(name: str, labels: Mapping[str, str], groups: Mapping[str, str] | None = None) -> Cause:
    """The cause of an alert. `groups` are the labels that its sender groups by: kept apart as far as they say more than we read."""
    found = object_of(labels)
    apart = _apart(labels, groups or {})
    place = namespace_of(labels)
    words = ["alert", name, f"{place}/{found}" if place else found, *(f"{label}={value}" for label, value in apart)]
    return Cause(bounded(" ".join(word for word in words if word)), found)


def object_of(labels: Mapping[str, str]) -> str:
    """The object that labels name, as `deployment/web`; a pod by the workload that its name tells of."""
    for label, kind in NAMED:
        value = labels.get(f"exported_{label}") or labels.get(label)
        if value:
            return _object(label, kind, value)
    return ""


def namespace_of(labels: Mapping[str, str]) -> str:
    """The namespace that labels name."""
    return labels.get("exported_namespace") or labels.get("namespace") or ""


def bounded(key: str, most: int = LONGEST) -> str:
    """The key, or its beginning with a digest of all of it: two long ones stay two."""
    if len(key) <= most:
        return key
    return f"{key[: most - 17]} {hashlib.sha256(key.encode(errors='replace')).hexdigest()[:16]}"


def _object(label: str, kind: str, value: str) -> str:
    if label == "pod":
        return _workload_of(value)
    if label == "replicaset":
        return f"deployment/{_head(_REPLICA_SET, value) or value}"
    if label == "job_name":
        return f"job/{_head(_JOB_OF_A_CRON_JOB, value) or value}"
    return f"{kind}/{value}"


def _workload_of(pod: str) -> str:
    """Whose pod it is, by the shape of its name: nothing else of it is known here."""
    for pattern, kind in (
        (_POD_OF_A_CRON_JOB, "job"),
        (_POD_OF_A_REPLICA_SET, "deployment"),
        (_POD_OF_A_STATEFUL_SET, "statefulset"),
        (_POD_OF_ANOTHER, "workload"),
    ):
        head = _head(pattern, pod)
        if head:
            return f"{kind}/{head}"
    return f"pod/{pod}"


def _head(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.fullmatch(text) if len(text) <= 253 else None
    return found[1] if found else ""


def _apart(labels: Mapping[str, str], groups: Mapping[str, str]) -> list[tuple[str, str]]:
    """What the sender keeps apart besides. Grouped by everything (`group_by: ['...']`), or by copies, it says nothing."""
    if FINE & groups.keys() or dict(groups) == dict(labels):
        return []
    return sorted((label, value) for label, value in groups.items() if label not in KNOWN and value)
