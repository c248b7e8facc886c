"""NetworkPolicies: for pods that are not there, or that keep out everything a workload is called by."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.diagnosis.findings.stating import INFO, MEDIUM, fact
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.workloads import Workload
from workloads.evidence import Fact
from workloads.unchecked import Table, dig, labels, rows, word, words


def findings(view: View) -> Iterator[Fact]:
    """Each policy against the workloads of its namespace; one that others open again is fine."""
    policies = [obj for obj in view.kind("NetworkPolicy") if view.seen(obj)]
    for obj in policies:
        met = [each for each in view.workloads if _selects(obj, each)]
        if not met and labels(obj, "spec", "podSelector", "matchLabels"):
            yield fact("policy_without_pods", INFO, obj, "no workload has the labels that it selects")
        for each in met:
            opened = any(
                rows(other, "spec", "ingress") or dig(other, "spec", "ingress") == [{}]
                for other in policies
                if other is not obj and _selects(other, each)
            )
            callers = view.callers.get(each.name, set())
            if _denies(obj) and callers and not opened:
                yield fact(
                    "policy_keeps_callers_out",
                    MEDIUM,
                    obj,
                    f"{each.name} is called by {', '.join(sorted(callers)[:5])}, and no policy lets them in",
                )


def _selects(obj: Table, workload: Workload) -> bool:
    selector = labels(obj, "spec", "podSelector", "matchLabels")
    if word(obj, "metadata", "namespace") != workload.namespace or rows(obj, "spec", "podSelector", "matchExpressions"):
        return False
    return all(workload.labels.get(key) == value for key, value in selector.items())


def _denies(obj: Table) -> bool:
    return not dig(obj, "spec", "ingress") and "Ingress" in (words(obj, "spec", "policyTypes") or ["Ingress"])
