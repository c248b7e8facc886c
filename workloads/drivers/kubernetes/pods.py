"""Pure: what pods say about why a release does not come up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

ENOUGH_RESTARTS = 2
SHARE = 0.1  # a release has failed when more than this share of its pods is in trouble, or none is ready
NEVER_PULLED = frozenset({"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"})
NEVER_MADE = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
CURES = {
    "ImagePullBackOff": "Check the image's name and digest, and the registry's credentials.",
    "CrashLoopBackOff": "Read the last lines of its log.",
    "CreateContainerConfigError": "A ConfigMap, Secret or key it names is missing: the message says which.",
    "OOMKilled": "It needs more memory than its limit: raise the limit, or let it use less.",
    "Unschedulable": "No node can take it: the message says why.",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why one pod is not ready: a word, the pod, its container, and the cluster's own message."""

    word: str
    pod: str
    container: str = ""
    message: str = ""

    @property
    def text(self) -> str:
        """One sentence."""
        where = f"{self.pod} ({self.container})" if self.container else self.pod
        return f"{self.word}: {where}{': ' if self.message else ''}{self.message}"[:600]

    @property
    def cure(self) -> str:
        """What helps, where that is known."""
        return CURES.get(self.word, "")


@dataclass(frozen=True, slots=True)
class Standing:
    """How the pods of one version stand."""

    total: int
    ready: int
    started: int  # pods with a container that runs or ran
    restarts: int
    troubles: tuple[Trouble, ...]
    taken: int = 0  # pods that a kubelet knows of

    @property
    def failing(self) -> bool:
        """Whether what is wrong is wrong with the release, not with one pod of many."""
        fatal = [trouble for trouble in self.troubles if trouble.word != "Unschedulable"]
        return bool(fatal) and (self.ready == 0 or len(fatal) > SHARE * max(self.total, 1))

    @property
    def unschedulable(self) -> bool:
        """Whether pods wait for a node that there is not."""
        return any(trouble.word == "Unschedulable" for trouble in self.troubles)


def standing(pods: Iterable[Mapping[str, Any]]) -> Standing:
    """How these pods stand; those that are being removed are not counted."""
    live = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    troubles = [trouble for pod in live if (trouble := trouble_of(pod))]
    return Standing(
        total=len(live),
        ready=sum(is_ready(pod) for pod in live),
        started=sum(any(_began(status) for status in _statuses(pod)) for pod in live),
        restarts=sum(int(status.get("restartCount", 0)) for pod in live for status in _statuses(pod)),
        troubles=tuple(troubles),
        taken=sum(bool(pod.get("status", {}).get("startTime")) for pod in live),
    )


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Whether it takes requests."""
    return _condition(pod, "Ready").get("status") == "True"


def trouble_of(pod: Mapping[str, Any]) -> Trouble | None:
    """What keeps the pod from ever being ready, as far as it shows."""
    name = str(pod["metadata"]["name"])
    scheduled = _condition(pod, "PodScheduled")
    if scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable":
        return Trouble("Unschedulable", name, message=str(scheduled.get("message", "")))
    for status in _statuses(pod):
        found = _of_container(name, status)
        if found is not None:
            return found
    if pod.get("status", {}).get("phase") == "Failed":
        told = pod["status"]
        return Trouble(str(told.get("reason") or "Failed"), name, message=str(told.get("message", "")))
    return None


def _of_container(pod: str, status: Mapping[str, Any]) -> Trouble | None:
    container, state = str(status.get("name", "")), status.get("state") or {}
    waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
    last = (status.get("lastState") or {}).get("terminated") or {}
    restarts, reason = int(status.get("restartCount", 0)), str(waiting.get("reason", ""))
    if reason in NEVER_PULLED:
        return Trouble("ImagePullBackOff", pod, container, str(waiting.get("message", "")))
    if reason in NEVER_MADE:
        return Trouble("CreateContainerConfigError", pod, container, str(waiting.get("message", "")))
    if "OOMKilled" in (ended.get("reason"), last.get("reason")) and not status.get("ready"):
        return Trouble("OOMKilled", pod, container, _ended(ended or last))
    if reason == "CrashLoopBackOff" or (restarts >= ENOUGH_RESTARTS and not status.get("ready")):
        return Trouble("CrashLoopBackOff", pod, container, f"{_ended(last or ended)}, {restarts} restarts")
    return None


def _ended(state: Mapping[str, Any]) -> str:
    message = str(state.get("message", "")).strip()
    return f"exit code {state.get('exitCode', 'unknown')}" + (f" ({message})" if message else "")


def _statuses(pod: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    told = pod.get("status", {})
    return [*(told.get("initContainerStatuses") or []), *(told.get("containerStatuses") or [])]


def _began(status: Mapping[str, Any]) -> bool:
    state = status.get("state") or {}
    return "running" in state or "terminated" in state or int(status.get("restartCount", 0)) > 0


def _condition(pod: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    for condition in pod.get("status", {}).get("conditions") or []:
        if condition.get("type") == kind:
            found: Mapping[str, Any] = condition
            return found
    return {}
