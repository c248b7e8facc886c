"""Pods: what keeps them from running, as the kubelet and the scheduler say it."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.diagnosis.findings.stating import HIGH, LOW, MEDIUM, fact
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.pods import Pod
from workloads.evidence import Fact
from workloads.unchecked import word

_BAD = (
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
)


def findings(view: View) -> Iterator[Fact]:
    """Pods that wait, crash, fail or are not ready."""
    for pod in view.pods:
        if pod.over:
            continue
        if pod.unscheduled and word(pod.condition("PodScheduled"), "message"):
            yield fact("pod_unschedulable", HIGH, pod.obj, word(pod.condition("PodScheduled"), "message"))
        if pod.phase == "Failed":
            yield fact(
                "pod_failed", MEDIUM, pod.obj, f"Failed: {word(pod.obj, 'status', 'reason')} {word(pod.obj, 'status', 'message')}"
            )
        yield from _containers(view, pod)


def _containers(view: View, pod: Pod) -> Iterator[Fact]:
    for each in pod.containers:
        if each.waiting in _BAD:
            yield fact("container_waiting", HIGH, pod.obj, f"{each.name}: {each.waiting} {each.waiting_message}")
        elif word(each.ended, "reason") == "OOMKilled" and not each.ready:
            yield fact("container_out_of_memory", HIGH, pod.obj, f"{each.name} was killed for memory, {each.restarts} restarts")
        elif each.restarts > 10:
            yield fact("container_restarts_often", LOW, pod.obj, f"{each.name} was restarted {each.restarts} times")
    told = [event for event in view.events_of_pod(pod) if event.reason == "Unhealthy" and not pod.ready]
    if told and pod.phase == "Running" and (not view.now or view.now - told[0].at < 600):
        yield fact("probe_fails", MEDIUM, pod.obj, told[0].message)
