"""What is wrong now, whatever its cause: what stands between `healthy` and `inconclusive` when no cause is found."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.diagnosis.answers import Symptom
from workloads.diagnosis.rules.making import clean
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.pods import Pod
from workloads.unchecked import dig, word

SETTLING = 120.0  # seconds that a new pod may take to become ready before that is a symptom


def symptoms(view: View) -> Iterator[Symptom]:
    """Workloads short of ready pods, Services of theirs without any, nodes that are not ready."""
    for workload in view.workloads:
        late = [pod for pod in workload.standing_pods if not pod.ready and not _settling(view, pod)]
        if late and workload.troubled:
            yield Symptom(
                workload.app, workload.namespace, clean(f"{len(late)} of {workload.desired} pods not ready: {_says(late[0])}")
            )
        elif len(workload.standing_pods) < workload.desired and workload.kind != "DaemonSet":
            yield Symptom(workload.app, workload.namespace, f"{len(workload.standing_pods)} of {workload.desired} pods exist")
    for node in view.nodes:
        if node.ready in ("False", "Unknown"):
            yield Symptom(f"node/{node.name}", "", f"Ready is {node.ready}")


def _settling(view: View, pod: Pod) -> bool:
    young = bool(view.now and pod.created_at) and view.now - pod.created_at < SETTLING
    refused = word(pod.condition("PodScheduled"), "status") == "False"
    return (
        young
        and not refused
        and not any(each.restarts or "Err" in each.waiting or "BackOff" in each.waiting for each in pod.containers)
    )


def _says(pod: Pod) -> str:
    waiting = next((each.waiting for each in pod.containers if each.waiting), "")
    return waiting or word(pod.condition("Ready"), "reason") or word(pod.condition("PodScheduled"), "reason") or pod.phase


def unanswered(view: View) -> Iterator[Symptom]:
    """Alerts that are active: shown with the verdict, though no verdict by themselves."""
    for alert in view.snapshot.alerts or ():
        name, severity = word(alert, "labels", "alertname"), word(alert, "labels", "severity")
        if word(alert, "status", "state") == "suppressed" or severity in ("none", "info") or name in ("Watchdog", "InfoInhibitor"):
            continue
        about = word(alert, "labels", "service") or word(alert, "labels", "pod") or word(alert, "labels", "node")
        text = word(alert, "annotations", "description") or word(alert, "annotations", "summary")
        yield Symptom(clean(f"alert/{name}", 200), word(alert, "labels", "namespace"), clean(f"{about}: {text}"))


def critical(view: View) -> bool:
    """Whether an alert that calls for a person is active."""
    return any(
        word(alert, "labels", "severity") in ("critical", "page")
        and word(alert, "status", "state") != "suppressed"
        and not dig(alert, "resolved")
        for alert in view.snapshot.alerts or ()
    )
