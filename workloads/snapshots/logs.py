"""Which logs a snapshot holds: of the unwell first, and of containers that were restarted the previous one too. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workloads.snapshots.veil import Json


@dataclass(frozen=True, slots=True)
class Wanted:
    """One container's log, present or previous."""

    namespace: str
    pod: str
    container: str
    node: str
    previous: bool = False

    @property
    def file(self) -> str:
        """Where it is kept in the snapshot."""
        return f"logs/{self.namespace}/{self.pod}/{self.container}{'.previous' if self.previous else ''}.log"


def wanted(pods: list[Json], most: int) -> tuple[list[Wanted], int]:
    """The logs to read of at most so many pods, and how many pods are left out."""
    ranked = sorted(pods, key=lambda pod: (-_unwell(pod), pod["metadata"].get("namespace", ""), pod["metadata"]["name"]))
    return [log for pod in ranked[:most] for log in _of(pod)], max(0, len(ranked) - most)


def _of(pod: Json) -> list[Wanted]:
    at, found = pod["metadata"], []
    node = str((pod.get("spec") or {}).get("nodeName", ""))
    for status in _statuses(pod):
        place = (str(at.get("namespace", "")), str(at["name"]), str(status.get("name", "")), node)
        state = status.get("state") or {}
        if "waiting" not in state or status.get("restartCount"):
            found.append(Wanted(*place))
        if status.get("restartCount"):
            found.append(Wanted(*place, previous=True))
    return found


def _unwell(pod: Json) -> int:
    """How much is wrong with it, roughly: what is not ready outweighs restarts."""
    bad = sum(1 for status in _statuses(pod) if not status.get("ready"))
    restarts = sum(min(int(status.get("restartCount") or 0), 50) for status in _statuses(pod))
    finished = (pod.get("status") or {}).get("phase") == "Succeeded"
    return 0 if finished else 100 * bad + restarts


def _statuses(pod: Json) -> list[Any]:
    status = pod.get("status") or {}
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
