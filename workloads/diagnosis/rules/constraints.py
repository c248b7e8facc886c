"""Which constraint keeps a pod from each node: the scheduler's filters, as far as objects tell them."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.diagnosis.view.nodes import Node
from workloads.diagnosis.view.pods import Pod
from workloads.unchecked import Table, dig, labels, rows, table, word, words

SELECTOR, AFFINITY, CORDON, TAINT, CPU, MEMORY = "selector", "affinity", "cordon", "taint", "cpu", "memory"


def node_affinity(spec: Table) -> list[Table]:
    """The terms of which a node must meet one; empty when anything goes."""
    path = ("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    return rows(spec, *path)


def _meets(expression: Table, having: dict[str, str]) -> bool:
    """One expression of a node selector term (core/v1 NodeSelectorRequirement)."""
    key, operator, values = word(expression, "key"), word(expression, "operator"), words(expression, "values")
    value = having.get(key)
    if operator == "In":
        return value in values
    if operator == "NotIn":
        return value not in values
    if operator == "Exists":
        return value is not None
    if operator == "DoesNotExist":
        return value is None
    if operator in ("Gt", "Lt") and value and values and value.isdigit() and values[0].isdigit():
        return int(value) > int(values[0]) if operator == "Gt" else int(value) < int(values[0])
    return False


def affinity_allows(spec: Table, node: Node) -> bool:
    """Whether the required node affinity admits the node."""
    terms = node_affinity(spec)
    fields = {"metadata.name": node.name}
    return not terms or any(
        (rows(term, "matchExpressions") or rows(term, "matchFields"))
        and all(_meets(each, node.labels) for each in rows(term, "matchExpressions"))
        and all(_meets(each, fields) for each in rows(term, "matchFields"))
        for term in terms
    )


def selector_allows(spec: Table, node: Node) -> bool:
    """Whether the node has every label of the nodeSelector."""
    return all(node.labels.get(key) == value for key, value in labels(spec, "nodeSelector").items())


def tolerates(pod: Pod, taint: Table) -> bool:
    """Whether one of the pod's tolerations fits the taint (core/v1 Toleration)."""
    for each in rows(pod.obj, "spec", "tolerations"):
        key, effect = word(each, "key"), word(each, "effect")
        if (key and key != word(taint, "key")) or (effect and effect != word(taint, "effect")):
            continue
        if word(each, "operator") == "Exists" or (key and word(each, "value") == word(taint, "value")):
            return True
    return False


def untolerated(pod: Pod, node: Node) -> list[Table]:
    """Taints of the node that keep the pod away."""
    return [taint for taint in node.taints if not tolerates(pod, taint)]


def obstacles(pod: Pod, node: Node) -> Iterator[str]:
    """Everything but room and other pods that keeps the pod from the node."""
    spec = table(pod.obj, "spec")
    if not selector_allows(spec, node):
        yield SELECTOR
    if not affinity_allows(spec, node):
        yield AFFINITY
    if node.cordoned and not tolerates(pod, {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}):
        yield CORDON
    if untolerated(pod, node):
        yield TAINT


def anti_affine(spec: Table) -> bool:
    """Whether the pod requires to be apart from others."""
    return bool(dig(spec, "affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution"))
