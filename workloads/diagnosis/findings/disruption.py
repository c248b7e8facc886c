"""PodDisruptionBudgets: for pods that are not there, or that never let a pod go."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.diagnosis.findings.stating import LOW, MEDIUM, fact
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.services import selects
from workloads.evidence import Fact
from workloads.unchecked import labels, rows, whole, word


def findings(view: View) -> Iterator[Fact]:
    """Each budget against the workloads of its namespace."""
    for obj in view.kind("PodDisruptionBudget"):
        selector = labels(obj, "spec", "selector", "matchLabels")
        if not view.seen(obj) or rows(obj, "spec", "selector", "matchExpressions") or not selector:
            continue
        matched = [
            each
            for each in view.workloads
            if each.namespace == word(obj, "metadata", "namespace") and selects(selector, each.labels)
        ]
        if not matched:
            yield fact("budget_without_pods", LOW, obj, "no workload has the labels that it selects")
            continue
        wanted = sum(each.desired for each in matched)
        least = word(obj, "spec", "minAvailable")
        never = (
            word(obj, "spec", "maxUnavailable") in ("0", "0%")
            or least == "100%"
            or (least.isdigit() and whole(obj, "spec", "minAvailable") >= wanted > 0)
        )
        if never:
            yield fact("budget_never_yields", MEDIUM, obj, f"none of {wanted} pods may ever be moved: a node cannot be drained")
