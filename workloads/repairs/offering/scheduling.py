"""Offers for pods that find no node: the constraint mended so that nodes fit, or a node given free."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.rules import constraints as kept
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.nodes import Node
from workloads.diagnosis.view.pods import Pod
from workloads.diagnosis.view.workloads import Workload
from workloads.repairs.edits import ABSENT, Edit, applied
from workloads.repairs.effects.templates import SCHEDULING
from workloads.repairs.offering import finding
from workloads.repairs.offering.former import sources
from workloads.repairs.offering.room import largest
from workloads.repairs.values import Ref, Repair
from workloads.unchecked import Table, dig, labels, rows, table, word, words

# Taints that tell of trouble, or keep the control plane to itself: never to be tolerated by an application.
_TROUBLE = ("node.kubernetes.io/", "node-role.kubernetes.io/", "node.cloudprovider.kubernetes.io/", "node.cilium.io/")
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
TERMS = ("affinity", "nodeAffinity", REQUIRED, "nodeSelectorTerms")


def waiting(workload: Workload) -> Pod | None:
    """A pod of it that waits for a node."""
    return next((pod for pod in workload.pods if pod.unscheduled), None)


def as_before(*fields: str) -> Any:
    """An offer of the fields as they are declared or were in a former revision, where nodes fit them."""

    def offer(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
        found = finding.lasting(view, hypothesis)
        for source in sources(view, found) if found else ():
            assert found is not None
            edits = [
                Edit((name,), dig(found.spec, name) or ABSENT, dig(source.spec, name) or ABSENT)
                for name in fields
                if (dig(found.spec, name) or None) != (dig(source.spec, name) or None)
            ]
            if edits and name_fits(view, found, edits):
                yield patched(found, edits, source.told, hypothesis)

    return offer


def name_fits(view: View, workload: Workload, edits: list[Edit]) -> bool:
    """Whether some node would take a pod of the workload after the edits, as far as constraints tell."""
    pod = waiting(workload)
    spec = applied(dict(workload.spec), edits)
    if pod is not None:
        there = {name: value for name, value in table(pod.obj, "spec").items() if name not in SCHEDULING - {"tolerations"}}
        wanted = {name: value for name, value in spec.items() if name in SCHEDULING - {"tolerations"}}
        tolerated = rows(spec, "tolerations") + [each for each in rows(there, "tolerations") if _automatic(each)]
        spec = {**there, **wanted, "tolerations": tolerated}
    made = Pod({"spec": spec})
    return any(not list(kept.obstacles(made, node)) and node.ready in ("True", "") for node in view.nodes)


def _automatic(toleration: Table) -> bool:
    """Whether admission adds the toleration to every pod."""
    return word(toleration, "key").startswith("node.kubernetes.io/")


def patched(workload: Workload, edits: list[Edit], told: str, hypothesis: Hypothesis) -> Repair:
    """A repair of these fields of the pod spec."""
    said = "; ".join(_said(edit) for edit in edits)
    return Repair(
        "patch_scheduling",
        finding.ref(workload),
        {"edits": [edit.as_json() for edit in edits]},
        f"Let {workload.name} run where there are nodes: {said} ({told})",
        hypothesis.fault,
        hypothesis.object,
    )


def _said(edit: Edit) -> str:
    if edit.path[-1] == PREFERRED:
        return f"{edit.path[1]} preferred"
    if edit.path[-1] == REQUIRED:
        return f"{edit.path[1]} not required"
    if edit.to is ABSENT:
        return f"without {edit.where}" + (f" {edit.was}" if isinstance(edit.was, str) else "")
    return f"{edit.where} {_short(edit.to)}" + (f" instead of {_short(edit.was)}" if edit.was is not ABSENT else "")


def _short(value: Any) -> str:
    return str(value) if len(str(value)) < 80 else "as it was"


def selector(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """The labels that nodes have, where they are nearly the same; else without those that no node has."""
    found = finding.lasting(view, hypothesis)
    if found is None:
        return
    wanted = labels(found.spec, "nodeSelector")
    lost = {key: value for key, value in wanted.items() if not any(node.labels.get(key) == value for node in view.nodes)}
    lost = lost or wanted
    closest = {key: _near_label(view, key, value) for key, value in lost.items()}
    if lost and all(closest.values()):
        edits = [edit for key, pair in closest.items() if pair for edit in _relabelled(key, lost[key], pair)]
        if name_fits(view, found, edits):
            yield patched(found, edits, "nodes are labelled so", hypothesis)
    edits = [Edit(("nodeSelector", key), value, ABSENT) for key, value in lost.items()]
    named = word(found.spec, "nodeName")
    if named and all(node.name != named for node in view.nodes):
        edits.append(Edit(("nodeName",), named, ABSENT))
    if edits and name_fits(view, found, edits):
        yield patched(found, edits, "no node that takes pods has that", hypothesis)


def _near_label(view: View, key: str, value: str) -> tuple[str, str] | None:
    """A label of nodes that is nearly this one: the value under the same key, or the same value under a key of nearly its name."""
    values = {node.labels[key] for node in view.nodes if key in node.labels and not view.controls(node)}
    if near := finding.closest(value, values, 0.6):
        return key, near
    keys = {each for node in view.nodes for each, other in node.labels.items() if other == value}
    return (key_, value) if (key_ := finding.closest(key, keys, 0.75)) else None


def _relabelled(key: str, value: str, to: tuple[str, str]) -> Iterator[Edit]:
    if to[0] == key:
        yield Edit(("nodeSelector", key), value, to[1])
    else:
        yield Edit(("nodeSelector", key), value, ABSENT)
        yield Edit(("nodeSelector", to[0]), ABSENT, to[1])


def affinity(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """Values that nodes have, where they are nearly the same; else the required node affinity as a preference."""
    found = finding.lasting(view, hypothesis)
    terms = kept.node_affinity(found.spec) if found else []
    if found is None or not terms:
        return
    edits = [edit for place, term in enumerate(terms) for edit in _expressions(view, place, term)]
    if edits and name_fits(view, found, edits):
        yield patched(found, edits, "nodes are labelled so", hypothesis)
    edits = list(_preferring(found, terms))
    if name_fits(view, found, edits):
        yield patched(found, edits, "no node that takes pods meets it", hypothesis)


def _expressions(view: View, place: int, term: Table) -> Iterator[Edit]:
    for at, each in enumerate(rows(term, "matchExpressions")):
        key, values = word(each, "key"), words(each, "values")
        there = {node.labels[key] for node in view.nodes if key in node.labels}
        near = [value if value in there else finding.closest(value, there, 0.6) for value in values]
        if word(each, "operator") == "In" and values and all(near) and near != values:
            yield Edit((*TERMS, place, "matchExpressions", at, "values"), values, near)


def _preferring(workload: Workload, terms: list[Table]) -> Iterator[Edit]:
    """What is required becomes what is preferred. Fields (names of nodes) are not preferred: they go."""
    where = ("affinity", "nodeAffinity")
    yield Edit((*where, REQUIRED), dict(dig(workload.spec, *where, REQUIRED)), ABSENT)
    preferred = [{"weight": 100, "preference": dict(term)} for term in terms if rows(term, "matchExpressions")]
    before = rows(workload.spec, *where, PREFERRED)
    if preferred:
        yield Edit((*where, PREFERRED), before or ABSENT, [*before, *preferred])


def anti_affinity(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """What pods must keep apart from becomes a preference; else as many pods as there are nodes for."""
    yield from _preferred(view, hypothesis, "podAntiAffinity", "apart where there is room, together where there is none")
    found = finding.scalable(view, hypothesis)
    placed = sum(not pod.unscheduled for pod in found.standing_pods) if found else 0
    required = dig(found.spec, "affinity", "podAntiAffinity", REQUIRED) if found else None
    if found is not None and required and 0 < placed < found.desired:
        summary = f"Scale {found.name} to {placed}, as many as there are nodes for (it is {found.desired})"
        parameters = {"replicas": placed, "was": found.desired}
        yield Repair("scale", finding.ref(found), parameters, summary, hypothesis.fault, hypothesis.object)


def affine(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """What pods must be near becomes a preference."""
    yield from _preferred(view, hypothesis, "podAffinity", "near where there is room, elsewhere where there is none")


def _preferred(view: View, hypothesis: Hypothesis, name: str, told: str) -> Iterator[Repair]:
    found = finding.lasting(view, hypothesis)
    required = rows(found.spec, "affinity", name, REQUIRED) if found else []
    if found is None or not required:
        return
    before = rows(found.spec, "affinity", name, PREFERRED)
    preferred = [{"weight": 100, "podAffinityTerm": dict(term)} for term in required]
    where = ("affinity", name)
    edits = [Edit((*where, REQUIRED), required, ABSENT), Edit((*where, PREFERRED), before or ABSENT, [*before, *preferred])]
    yield patched(found, edits, told, hypothesis)


def spread(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """Topology spread constraints that keep pods from nodes become preferences."""
    found = finding.lasting(view, hypothesis)
    edits = [
        Edit(("topologySpreadConstraints", place, "whenUnsatisfiable"), "DoNotSchedule", "ScheduleAnyway")
        for place, each in enumerate(rows(found.spec, "topologySpreadConstraints") if found else ())
        if word(each, "whenUnsatisfiable") == "DoNotSchedule"
    ]
    if found is not None and edits:
        yield patched(found, edits, "spread where there is room, together where there is none", hypothesis)


def tolerations(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """The taints of a node that would do but for them, tolerated exactly; never those that tell of trouble."""
    found = finding.lasting(view, hypothesis)
    pod = waiting(found) if found else None
    if found is None or pod is None:
        return
    told: set[str] = set()
    for node in _nearly(view, pod, kept.TAINT):
        taints = list(kept.untolerated(pod, node))
        if any(word(each, "key").startswith(_TROUBLE) for each in taints):
            continue
        before = rows(found.spec, "tolerations")
        added = [_tolerating(each) for each in taints if _tolerating(each) not in before]
        if str(added) in told or not added:
            continue
        told.add(str(added))
        said = ", ".join(f"{word(each, 'key')}={word(each, 'value')}:{word(each, 'effect')}" for each in taints)
        edits = [Edit(("tolerations",), before or ABSENT, [*before, *added]).as_json()]
        summary = f"Let {found.name} tolerate {said}, which node {node.name} has"
        yield Repair("patch_scheduling", finding.ref(found), {"edits": edits}, summary, hypothesis.fault, hypothesis.object)
        if len(told) > 1:
            return


def _tolerating(taint: Table) -> dict[str, str]:
    value = word(taint, "value")
    match = {"operator": "Equal", "value": value} if value else {"operator": "Exists"}
    return {"key": word(taint, "key"), **match, "effect": word(taint, "effect")}


def _nearly(view: View, pod: Pod, obstacle: str) -> list[Node]:
    """Nodes that take the pod but for one kind of obstacle, those with the most room first; no control plane."""
    nodes = [
        node
        for node in view.nodes
        if not view.controls(node) and node.ready in ("True", "") and set(kept.obstacles(pod, node)) == {obstacle}
    ]
    return sorted(nodes, key=lambda node: largest(view, node), reverse=True)


def uncordoned(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """A node that takes the pod but for being cordoned, the one with the most room first."""
    found = finding.workload(view, hypothesis)
    pod = waiting(found) if found else None
    for node in _nearly(view, pod, kept.CORDON)[:3] if pod and found else ():
        assert found is not None
        summary = f"Uncordon node {node.name}, on which {found.name} may run"
        yield Repair("uncordon", Ref("Node", node.name), {}, summary, hypothesis.fault, hypothesis.object)
