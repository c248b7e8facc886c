"""Services: without endpoints though something should answer, or with ports that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.diagnosis.findings.stating import HIGH, MEDIUM, fact
from workloads.diagnosis.view.cluster import View
from workloads.evidence import Fact
from workloads.unchecked import labels, rows


def findings(view: View) -> Iterator[Fact]:
    """Services whose selector meets no pod, and Services with pods of which none is ready. Leader elections are left alone."""
    for service in view.services:
        if not service.selector or service.external or _elected(view, service.name):
            continue
        pods = view.pods_of(service)
        if not pods and not _sleeping(view, service.selector):
            told = ", ".join(f"{key}={value}" for key, value in service.selector.items())
            yield fact(
                "service_without_pods",
                MEDIUM,
                service.obj,
                f"no pod has the labels {told}",
                "Mend the selector, or remove the Service.",
            )
        elif pods and not any(pod.ready for pod in pods):
            yield fact("service_without_ready_pods", HIGH, service.obj, f"none of its {len(pods)} pods is ready")


def _elected(view: View, name: str) -> bool:
    """Whether its Endpoints are written by a leader election, not by the selector."""
    return any(
        "control-plane.alpha.kubernetes.io/leader" in labels(each, "metadata", "annotations")
        for each in view.kind("Endpoints")
        if (rows(each, "subsets") or True) and labels(each, "metadata").get("name") == name
    )


def _sleeping(view: View, selector: dict[str, str]) -> bool:
    """Whether a workload would make such pods and is scaled to zero."""
    return any(selector.items() <= each.labels.items() and each.desired == 0 for each in view.workloads)
