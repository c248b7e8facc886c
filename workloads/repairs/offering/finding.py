"""What offers look up in the evidence: the workload of a hypothesis, what is declared for an object, closest names."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.rules.runtime import scaled_by_machine
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.workloads import Workload
from workloads.repairs.kind import WORKLOADS
from workloads.repairs.values import Ref
from workloads.unchecked import Table


def workload(view: View, hypothesis: Hypothesis) -> Workload | None:
    """The workload a hypothesis is about, where its object was collected."""
    if not hypothesis.object.startswith("app/"):
        return None
    found = view.workload(hypothesis.namespace, hypothesis.object.removeprefix("app/"))
    return found if found is not None and found.obj else None


def lasting(view: View, hypothesis: Hypothesis) -> Workload | None:
    """The same, where its pods come of a template that can be changed and no machine of its own makes it."""
    found = workload(view, hypothesis)
    return found if found is not None and found.kind in WORKLOADS and not found.owner else None


def scalable(view: View, hypothesis: Hypothesis) -> Workload | None:
    """The same, where a person and no autoscaler says how many pods it has."""
    found = lasting(view, hypothesis)
    by_hand = found is not None and found.kind in ("Deployment", "StatefulSet") and not scaled_by_machine(view, found)
    return found if by_hand else None


def ref(workload: Workload) -> Ref:
    """What names it."""
    return Ref(workload.kind, workload.name, workload.namespace)


def declared(view: View, kind: str, namespace: str, name: str) -> Table:
    """The declared object; empty where nothing is declared. Declarations often leave their namespace out."""
    return view.declared.get((kind, namespace, name)) or view.declared.get((kind, "", name)) or {}


def closest(name: str, among: Iterable[str], least: float = 0.75) -> str:
    """The one name that is nearly this one; empty where none is, or two are as near."""
    ranked = sorted(((SequenceMatcher(None, name[:80], each[:80]).ratio(), each) for each in set(among)), reverse=True)
    if not ranked or ranked[0][0] < least or (len(ranked) > 1 and ranked[0][0] - ranked[1][0] < 0.03):
        return ""
    return ranked[0][1]
