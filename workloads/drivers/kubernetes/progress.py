"""Pure: how far the controller of a workload got, as `kubectl rollout status` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of replicas; `failed` is the controller's own word that it does not get on, `short` that it may not make pods."""

    name: str
    wanted: int
    updated: int
    available: int
    left: int  # of the former version
    seen: bool  # the controller knows what is wanted now
    failed: str = ""
    short: str = ""

    @property
    def done(self) -> bool:
        """Everything of this version, ready; nothing of the former one."""
        return self.seen and self.updated >= self.wanted and self.available >= self.wanted and self.left == 0

    @property
    def mark(self) -> tuple[int, int, int]:
        """What grows while it gets on."""
        return self.updated, self.available, -self.left

    @property
    def text(self) -> str:
        """In words."""
        return f"{self.name}: {self.available} of {self.wanted} ready"


def progress(item: Mapping[str, Any]) -> Progress:
    """How a Deployment, StatefulSet or DaemonSet stands."""
    spec, status = item.get("spec", {}), item.get("status", {})
    metadata = item["metadata"]
    wanted = int(spec.get("replicas", 1) if item.get("kind") != "DaemonSet" else status.get("desiredNumberScheduled", 0))
    updated = int(status.get("updatedReplicas", status.get("updatedNumberScheduled", 0)) or 0)
    if item.get("kind") == "StatefulSet" and status.get("currentRevision") == status.get("updateRevision"):
        updated = int(status.get("currentReplicas", updated) or 0)
    return Progress(
        name=str(metadata["name"]),
        wanted=wanted,
        updated=updated,
        available=min(int(status.get("availableReplicas", status.get("numberAvailable", 0)) or 0), wanted),
        left=max(int(status.get("replicas", updated) or 0) - max(updated, 0), 0) if item.get("kind") == "Deployment" else 0,
        seen=int(status.get("observedGeneration", 0)) >= int(metadata.get("generation", 0)),
        failed=_said(status, "Progressing", "False", "ProgressDeadlineExceeded"),
        short=_said(status, "ReplicaFailure", "True"),
    )


def _said(status: Mapping[str, Any], kind: str, value: str, reason: str = "") -> str:
    for condition in status.get("conditions") or []:
        if condition.get("type") == kind and condition.get("status") == value and reason in ("", condition.get("reason")):
            return str(condition.get("message") or condition.get("reason") or kind)
    return ""
