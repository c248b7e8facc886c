"""Scheduling: a pod waits for a node. Rests on the scheduler's messages and on its filters, applied to the nodes that are there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from workloads.diagnosis.answers import Hypothesis, Proof
from workloads.diagnosis.rules import constraints as kept
from workloads.diagnosis.rules.making import heard, seen, suppose
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.events import Event
from workloads.diagnosis.view.nodes import Node
from workloads.diagnosis.view.pods import Pod
from workloads.diagnosis.view.workloads import Workload
from workloads.quantities import quantity
from workloads.unchecked import labels, table, word

# The scheduler's words (pkg/scheduler/framework/plugins) and what they mean; the first that fits a reason names it.
_REASONS = (
    (re.compile(r"insufficient cpu", re.I), "cpu_capacity_mismatch"),
    (re.compile(r"insufficient memory", re.I), "memory_capacity_mismatch"),
    (re.compile(r"didn't match pod anti-affinity|didn't satisfy existing pods anti-affinity", re.I), "pod_anti_affinity_conflict"),
    (re.compile(r"didn't match pod affinity", re.I), "pod_affinity_conflict"),
    (re.compile(r"didn't match pod topology spread", re.I), "topology_spread_conflict"),
    (re.compile(r"untolerated taint|had taint", re.I), "taint_toleration_mismatch"),
    (re.compile(r"node affinity/selector|didn't match node selector", re.I), "node_affinity_mismatch"),
    (re.compile(r"volume node affinity conflict", re.I), "volume_node_affinity_conflict"),
    (re.compile(r"free ports for the requested", re.I), "host_port_conflict"),
    (re.compile(r"too many pods", re.I), "pod_capacity_mismatch"),
    (re.compile(r"insufficient ephemeral-storage", re.I), "ephemeral_storage_capacity_mismatch"),
    (re.compile(r"insufficient \S+", re.I), "extended_resource_mismatch"),
    (re.compile(r"unschedulable", re.I), "node_cordon_mismatch"),
)
_COUNTED = re.compile(r"(\d{1,6}) ([^,]{3,300}?)(?=, \d|\. |\.$|$)")
_AVAILABLE = re.compile(r"\d{1,6}/\d{1,6} nodes are available: ?(?P<reasons>.{0,3000}?)(?: ?preemption:|$)", re.S)
_VOLUMES = re.compile(
    r"unbound immediate PersistentVolumeClaims|persistentvolumeclaim .{1,260} not found|didn't find available persistent", re.I
)


def waiting(view: View) -> Iterator[tuple[Workload, Pod, Event | None, str]]:
    """Pods that wait for a node, with the scheduler's last word about them (from an event or from the condition)."""
    for workload in view.workloads:
        for pod in workload.pods:
            if not pod.unscheduled or workload.kind == "CronJob":
                continue
            said = [
                event
                for event in view.events_of_pod(pod)
                if event.reason == "FailedScheduling" and "skip schedule" not in event.message
            ]
            message = word(pod.condition("PodScheduled"), "message") or (said[0].message if said else "")
            yield workload, pod, said[0] if said else None, message


def reasons(message: str) -> Counter[str]:
    """Faults and on how many nodes, as the scheduler counted them."""
    match = _AVAILABLE.search(message)
    found: Counter[str] = Counter()
    for number, reason in _COUNTED.findall(match["reasons"].strip() if match else ""):
        for pattern, fault in _REASONS:
            if pattern.search(reason):
                found[fault] += int(number)
                break
    return found


def unplaceable(view: View) -> Iterator[Hypothesis]:
    """The constraint that excludes the last candidate nodes, for every workload with a pod that waits."""
    done: set[tuple[str, str]] = set()
    for workload, pod, event, message in waiting(view):
        silent = not message and word(pod.condition("PodScheduled"), "status") != "False"
        if (workload.namespace, workload.name) in done or _VOLUMES.search(message) or silent:
            continue
        done.add((workload.namespace, workload.name))
        fault, why = decide(view, pod, message)
        if fault:
            proofs = [heard(event)] if event else [seen(f"pod/{pod.name}", f"PodScheduled is False. {message}")]
            yield suppose(
                fault,
                workload.app,
                workload.namespace,
                (0.95 if why else 0.85) * (1.0 if message else 0.85),
                f"{workload.name} finds no node: {(why[0].text if why else message)[:200]}",
                [*proofs, *why],
                explains=[workload.app],
            )


def decide(view: View, pod: Pod, message: str) -> tuple[str, list[Proof]]:
    """The fault and what shows it: pod-side constraints over all nodes first, then what remains on nodes they admit."""
    counted = reasons(message) if message else computed(view, pod)
    spec = table(pod.obj, "spec")
    if view.nodes and not any(kept.selector_allows(spec, node) for node in view.nodes):
        text = f"nodeSelector {labels(spec, 'nodeSelector')}: no node has these labels"
        return "node_selector_mismatch", [seen(f"pod/{pod.name}", text)]
    admitted = [node for node in view.nodes if kept.selector_allows(spec, node) and kept.affinity_allows(spec, node)]
    if (
        kept.node_affinity(spec)
        and all(view.controls(node) and node.cordoned for node in admitted)
        and len(admitted) < len(view.nodes)
    ):
        admitted = []  # only the control plane is left, which takes no pods anyway
    if view.nodes and not admitted:
        both = labels(spec, "nodeSelector") and any(kept.affinity_allows(spec, node) for node in view.nodes)
        fault = "node_selector_mismatch" if both else "node_affinity_mismatch"
        return fault, [seen(f"pod/{pod.name}", f"required node affinity admits none of {len(view.nodes)} nodes")]
    return _remaining(view, pod, counted, admitted)


_OBSTACLES = {kept.SELECTOR: "node_affinity_mismatch", kept.AFFINITY: "node_affinity_mismatch", kept.CORDON: "node_cordon_mismatch"}
_OBSTACLES[kept.TAINT] = "taint_toleration_mismatch"


def computed(view: View, pod: Pod) -> Counter[str]:
    """Without the scheduler's words: what keeps the pod from each node, by the objects alone."""
    found: Counter[str] = Counter()
    for node in view.nodes:
        first = next(kept.obstacles(pod, node), "")
        if first:
            found[_OBSTACLES[first]] += 1
            continue
        for resource, fault in (("cpu", "cpu_capacity_mismatch"), ("memory", "memory_capacity_mismatch")):
            if (
                _request(pod, resource) + sum(_request(each, resource) for each in view.pods if each.node == node.name)
                > node.allocatable(resource)
                > 0
            ):
                found[fault] += 1
                break
        else:
            found["pod_anti_affinity_conflict"] += kept.anti_affine(table(pod.obj, "spec"))
    return +found


def _request(pod: Pod, resource: str) -> float:
    return sum(quantity(word(each.spec, "resources", "requests", resource)) for each in pod.containers if not each.init)


def _remaining(view: View, pod: Pod, counted: Counter[str], admitted: list[Node]) -> tuple[str, list[Proof]]:
    """On the nodes that selector and affinity admit: what excludes the most workers (the control plane is expected to refuse)."""
    workers = [node for node in admitted if not view.controls(node)] or admitted
    free = [node for node in workers if not node.cordoned and not kept.untolerated(pod, node)]
    scarce = {
        fault: n
        for fault, n in counted.items()
        if fault not in ("node_cordon_mismatch", "taint_toleration_mismatch", "node_affinity_mismatch")
    }
    if scarce and (free or not admitted):
        return max(scarce, key=lambda fault: scarce[fault]), [seen(f"pod/{pod.name}", _asks(pod))]
    if workers and not free:
        cordoned = [node.name for node in workers if node.cordoned and not kept.untolerated(pod, node)]
        tainted = {node.name: _taints(pod, node) for node in workers if kept.untolerated(pod, node)}
        if len(tainted) > len(cordoned) or (tainted and not cordoned):
            return "taint_toleration_mismatch", [
                seen(f"node/{name}", f"taints not tolerated: {text}") for name, text in list(tainted.items())[:3]
            ]
        return "node_cordon_mismatch", [seen(f"node/{name}", "spec.unschedulable: true (cordoned)") for name in cordoned[:4]]
    if not counted:
        return "", []
    cordon_last = sorted(counted, key=lambda fault: (fault == "node_cordon_mismatch", -counted[fault]))
    only_selector = cordon_last[0] == "node_affinity_mismatch" and not kept.node_affinity(table(pod.obj, "spec"))
    return "node_selector_mismatch" if only_selector and labels(pod.obj, "spec", "nodeSelector") else cordon_last[0], []


def _asks(pod: Pod) -> str:
    return f"requests {_request(pod, 'cpu'):g} CPU and {_request(pod, 'memory') / 2**20:.0f} Mi of memory"


def _taints(pod: Pod, node: Node) -> str:
    return ", ".join(
        f"{word(each, 'key')}={word(each, 'value')}:{word(each, 'effect')}" for each in kept.untolerated(pod, node)[:4]
    )


def named_node(view: View) -> Iterator[Hypothesis]:
    """spec.nodeName names a node that does not exist: the scheduler never sees such a pod (Kubernetes' own semantics)."""
    known = {node.name for node in view.nodes}
    for workload in view.workloads:
        wanted = word(workload.spec, "nodeName")
        if wanted and known and wanted not in known and workload.kind != "Pod" and workload.troubled:
            proof = seen(workload.path, f"nodeName: {wanted}; there is no such node")
            yield suppose(
                "node_selector_mismatch",
                workload.app,
                workload.namespace,
                0.8,
                f"{workload.name} names a node that is not there.",
                [proof],
                explains=[workload.app],
            )


RULES = (unplaceable, named_node)
