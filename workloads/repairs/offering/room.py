"""Room on nodes: what pods that are there ask for, and what is left for one more."""

from __future__ import annotations

from workloads.diagnosis.rules import constraints as kept
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.nodes import Node
from workloads.diagnosis.view.pods import Pod
from workloads.quantities import quantity
from workloads.unchecked import table, word


def asked(pod: Pod, resource: str) -> float:
    """What a pod asks for: the sum of its containers, or the most that one of its init containers asks for."""
    running = [each for each in pod.containers if not each.init or each.sidecar]
    starting = [quantity(word(each.spec, "resources", "requests", resource)) for each in pod.containers if each.init]
    return max([sum(quantity(word(each.spec, "resources", "requests", resource)) for each in running), *starting])


def free(view: View, node: Node, resource: str) -> float:
    """What of a node's resource no pod asks for yet: by the pods that were collected, or by what was said of all of them."""
    here = [pod for each in view.every_workload for pod in each.pods if pod.node == node.name and not pod.over]
    said = next((each for each in view.probe("nodeAllocations") if word(each, "node") == node.name), {})
    all_of_them = quantity(word(said, "allocated", resource, "requests"))
    return max(0.0, node.allocatable(resource) - max(all_of_them, sum(asked(pod, resource) for pod in here)))


def share(view: View) -> float:
    """How much of what seems free may be taken: nearly all of it where all pods of the cluster are known, else half."""
    system = any(each.namespace == "kube-system" for each in view.every_workload)
    return 0.9 if system or view.probe("nodeAllocations") else 0.5


def largest(view: View, node: Node) -> float:
    """How much memory is free: what nodes are ordered by."""
    return free(view, node, "memory")


def most_free(view: View, pod: Pod, resource: str) -> float:
    """The most that is free of a resource on one of the nodes that take the pod."""
    fitting = [node for node in view.nodes if not set(kept.obstacles(pod, node)) and not view.controls(node)]
    return max((free(view, node, resource) for node in fitting if node.ready in ("True", "")), default=0.0)


def most_allocatable(view: View, resource: str) -> float:
    """The most that a node has of a resource."""
    return max((node.allocatable(resource) for node in view.nodes if table(node.obj, "status")), default=0.0)
