"""Offers for nodes that are in trouble: nothing new goes there. What runs on a node cannot be mended through the API."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.view.cluster import View
from workloads.repairs.values import Ref, Repair


def cordoned(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """The node takes no new pods, while others do."""
    name = hypothesis.object.removeprefix("node/")
    node = next((each for each in view.nodes if each.name == name), None)
    others = [each for each in view.nodes if each.name != name and not each.cordoned and not view.controls(each)]
    if node is not None and not node.cordoned and not view.controls(node) and any(each.ready in ("True", "") for each in others):
        summary = f"Cordon node {name}, so that no new pod goes there until it is mended"
        yield Repair("cordon", Ref("Node", name), {}, summary, hypothesis.fault, hypothesis.object)
