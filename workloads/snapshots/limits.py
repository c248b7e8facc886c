"""How much a snapshot may read, and what of."""

from __future__ import annotations

from dataclasses import dataclass

from workloads.adapters.kubernetes.kinds import KNOWN, Kind

CLUSTER_WIDE = ("Namespace", "Node", "PersistentVolume", "StorageClass", "IngressClass")
NEVER = {"ClusterRole", "ClusterRoleBinding"}
SYSTEM = "kube-system"
# Beside a namespace: what tells of nodes, DNS and the network below it.
BESIDE = (
    *(("Pod", SYSTEM), ("DaemonSet", SYSTEM), ("Deployment", SYSTEM), ("Service", SYSTEM), ("Lease", SYSTEM)),
    *(("Lease", "kube-node-lease"), ("Event", "default"), ("Event", SYSTEM)),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one snapshot. Times in seconds, sizes in bytes."""

    seconds: float = 180.0
    at_once: int = 8  # questions to the cluster
    pods: int = 200  # whose logs are read; the unwell first
    log_lines: int = 500
    log_bytes: int = 131_072  # of one container
    all_log_bytes: int = 24 * 1024 * 1024
    services: int = 60  # that are probed
    window: float = 1800.0  # of metrics
    step: float = 15.0


@dataclass(frozen=True, slots=True)
class Read:
    """One kind in one place."""

    kind: Kind
    namespace: str

    @property
    def said(self) -> str:
        """In words."""
        return f"{self.kind.plural} in {self.namespace}" if self.namespace else self.kind.plural


def reads(namespace: str, groups: set[str]) -> list[Read]:
    """What is listed for this scope ("" is the whole cluster), of the API groups that the cluster has."""
    there = [kind for kind in KNOWN.values() if kind.name not in NEVER and (not kind.group or kind.group in groups)]
    inside = [Read(kind, namespace) for kind in there if kind.namespaced]
    outside = [Read(kind, "") for kind in there if kind.name in CLUSTER_WIDE]
    if not namespace:
        return inside + outside
    named = {kind.name: kind for kind in there}
    beside = [Read(named[name], place) for name, place in BESIDE if name in named and place != namespace]
    return inside + outside + beside
