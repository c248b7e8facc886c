"""Offers for workloads as a whole: as many pods as are declared, or as there were."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.workloads import Workload
from workloads.repairs.offering import finding
from workloads.repairs.offering.applied import last_applied
from workloads.repairs.values import Repair
from workloads.unchecked import labels, whole

_SCALED = re.compile(r"Scaled down replica set \S{1,253} (?:to (?P<to>\d{1,5}) from (?P<from>\d{1,5})|from (?P<was>\d{1,5}) to \d)")
_DESIRED = "deployment.kubernetes.io/desired-replicas"


def scaled_up(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """To as many as are declared, were last applied, or ran before; to one where nothing tells: the least that works."""
    found = finding.scalable(view, hypothesis)
    if found is None or found.desired != 0:
        return
    number, told = replicas(view, found)
    yield Repair(
        "scale",
        finding.ref(found),
        {"replicas": number, "was": 0},
        f"Scale {found.kind} {found.name} to {number} ({told}; it is 0)",
        hypothesis.fault,
        hypothesis.object,
    )


def replicas(view: View, workload: Workload) -> tuple[int, str]:
    """How many there should be, and what says so."""
    declared = finding.declared(view, workload.kind, workload.namespace, workload.name)
    if declared and (number := whole(declared, "spec", "replicas", default=1)):
        return number, "as declared"
    if number := whole(last_applied(workload.obj), "spec", "replicas"):
        return number, "as last applied"
    for event in view.events_of(workload.kind, workload.namespace, workload.name):
        match = _SCALED.search(event.message)
        if match and (number := int(match["from"] or match["was"])):
            return number, "as before it was scaled down"
    desired = [labels(each, "metadata", "annotations").get(_DESIRED, "") for each in workload.sets]
    numbers = [int(text) for text in desired if text.isascii() and text.isdigit() and 0 < len(text) < 5 and int(text)]
    if numbers:
        return max(numbers), "as an earlier revision"
    return 1, "nothing tells how many there were, one is the least"
