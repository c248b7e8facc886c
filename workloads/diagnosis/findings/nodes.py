"""Nodes: not ready or under pressure. Conditions that clouds add are judged only where True means trouble."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.diagnosis.findings.stating import HIGH, LOW, MEDIUM, fact
from workloads.diagnosis.view.cluster import View
from workloads.evidence import Fact
from workloads.unchecked import rows, word

_PRESSURE = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
# Of node-problem-detector and clouds: True is trouble. Unknown kinds are not guessed at.
_PROBLEMS = (
    "KernelDeadlock",
    "ReadonlyFilesystem",
    "FrequentKubeletRestart",
    "FrequentContainerdRestart",
    "FrequentDockerRestart",
    "CorruptDockerOverlay2",
    "VMEventScheduled",
)


def findings(view: View) -> Iterator[Fact]:
    """Conditions that say that something is wrong."""
    for node in view.nodes:
        if node.ready in ("False", "Unknown"):
            yield fact("node_not_ready", HIGH, node.obj, f"Ready {node.ready}: {word(node.condition('Ready'), 'message')}")
        for condition in rows(node.obj, "status", "conditions"):
            kind = word(condition, "type")
            if kind in (*_PRESSURE, *_PROBLEMS) and word(condition, "status") == "True":
                yield fact("node_condition", MEDIUM, node.obj, f"{kind}: {word(condition, 'message')}")
        if node.cordoned and not view.controls(node):
            yield fact("node_cordoned", LOW, node.obj, "takes no new pods: it is cordoned")
