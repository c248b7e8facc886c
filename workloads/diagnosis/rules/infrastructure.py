"""Infrastructure: services of nodes and the control plane. Rests on node conditions, leases and events; checks confirm."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workloads.diagnosis.answers import Hypothesis, Proof, Source
from workloads.diagnosis.rules.making import heard, other, seen, suppose
from workloads.diagnosis.times import seconds
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.nodes import Node
from workloads.unchecked import dig, rows, word

_RUNTIME = re.compile(
    r"container runtime is down|container runtime status check may not have completed"
    r"|PLEG is not healthy|containerd\.sock|crio\.sock|runtime network not ready",
    re.I,
)
LEASE = 60.0  # the node controller's grace is 40 s (50 s since 1.32); a little more for clocks


def stopped(view: View, service: str) -> dict[str, Proof]:
    """Nodes on which a service is known not to run, by checks on the nodes (convention: probes.json, systemd's words)."""
    return {
        word(each, "node"): other(
            Source.PROBE,
            f"{service} on {word(each, 'node')}",
            f"{word(each, 'activeState')} ({word(each, 'subState')}) since {word(each, 'since')}",
        )
        for each in view.probe("nodeServices")
        if word(each, "service") == service and word(each, "activeState") in ("inactive", "failed", "deactivating")
    }


def on_node(view: View, node: str) -> list[str]:
    """The applications with pods on the node, and with pods that wait."""
    return [f"app/{each.name}" for each in view.workloads if any(pod.node == node and not pod.ready for pod in each.pods)]


def kubelet(view: View) -> Iterator[Hypothesis]:
    """A kubelet posts no status: Ready is Unknown, or its lease is old while others' are fresh; or it is known to be stopped."""
    down = stopped(view, "kubelet")
    for node in view.nodes:
        proofs = [down[node.name]] if node.name in down else []
        condition = node.condition("Ready")
        silent = node.ready == "Unknown" or word(condition, "reason") == "NodeStatusUnknown"
        if silent:
            proofs.append(
                seen(f"node/{node.name}", f"Ready Unknown: {word(condition, 'message')}", word(condition, "lastHeartbeatTime"))
            )
        stale = _stale_lease(view, node)
        if stale:
            proofs.append(stale)
        if not silent and node.name not in down and not (stale and node.ready != "False"):
            continue
        yield suppose(
            "kubelet_unavailable",
            f"node/{node.name}",
            "",
            0.97 if silent else 0.85 if node.name in down else 0.6,
            f"The kubelet of {node.name} does not report.",
            proofs,
            explains=on_node(view, node.name),
        )


def _stale_lease(view: View, node: Node) -> Proof | None:
    """The node's lease when it was last renewed too long ago, measured against the freshest one."""
    leases = {
        word(each, "metadata", "name"): word(each, "spec", "renewTime")
        for each in view.kind("Lease")
        if word(each, "metadata", "namespace") == "kube-node-lease"
    }
    mine, freshest = seconds(leases.get(node.name, "")), max(map(seconds, leases.values()), default=0.0)
    late = min(freshest, view.now or freshest) - mine
    if not mine or late <= LEASE:
        return None
    return seen(f"lease/{node.name}", f"renewed {late:.0f} s before the others", leases[node.name])


def runtime(view: View) -> Iterator[Hypothesis]:
    """A node's container runtime is down: the kubelet says so in the condition Ready, or it is known to be stopped."""
    down = stopped(view, "containerd") | stopped(view, "docker") | stopped(view, "crio")
    for node in view.nodes:
        condition = node.condition("Ready")
        told = node.ready == "False" and bool(_RUNTIME.search(word(condition, "message")))
        if not told and node.name not in down:
            continue
        proofs = [down[node.name]] if node.name in down else []
        if told:
            proofs.append(
                seen(f"node/{node.name}", f"Ready False: {word(condition, 'message')}", word(condition, "lastHeartbeatTime"))
            )
        events = [event for event in view.events_of("Node", "", node.name) if _RUNTIME.search(event.message)]
        yield suppose(
            "containerd_unavailable",
            f"node/{node.name}",
            "",
            0.97 if told else 0.9,
            f"The container runtime of {node.name} is down.",
            [*proofs, *map(heard, events[:1])],
            explains=on_node(view, node.name),
        )


def not_ready(view: View) -> Iterator[Hypothesis]:
    """A node is not ready for a reason of its own: network plug-in, pressure."""
    for node in view.nodes:
        condition = node.condition("Ready")
        if node.ready == "False" and not _RUNTIME.search(word(condition, "message")):
            proof = seen(
                f"node/{node.name}",
                f"Ready False: {word(condition, 'reason')} {word(condition, 'message')}",
                word(condition, "lastTransitionTime"),
            )
            yield suppose(
                "node_not_ready",
                f"node/{node.name}",
                "",
                0.85,
                f"The node {node.name} is not ready.",
                [proof],
                explains=on_node(view, node.name),
            )
        for kind in ("MemoryPressure", "DiskPressure", "PIDPressure"):
            if word(node.condition(kind), "status") == "True":
                proof = seen(f"node/{node.name}", f"{kind}: {word(node.condition(kind), 'message')}")
                yield suppose(
                    "node_pressure",
                    f"node/{node.name}",
                    "",
                    0.7,
                    f"The node {node.name} is short of a resource.",
                    [proof],
                    explains=on_node(view, node.name),
                )


def proxy(view: View) -> Iterator[Hypothesis]:
    """kube-proxy of a node is down: its pod is not ready, it is known to be stopped, or no Service answers from that node."""
    down, away = stopped(view, "kube-proxy"), _unreachable_from(view)
    pods = {
        pod.node: pod
        for each in view.every_workload
        if each.namespace == "kube-system" and each.name == "kube-proxy"
        for pod in each.standing_pods
    }
    for node in view.nodes:
        broken = node.name in pods and not pods[node.name].ready and node.ready == "True"
        if node.name not in down and node.name not in away and not broken:
            continue
        proofs = [proof for found in (down, away) if (proof := found.get(node.name))]
        if broken:
            proofs.append(seen(f"pod/{pods[node.name].name}", "kube-proxy is not ready on this node"))
        yield suppose(
            "kube_proxy_unavailable",
            f"node/{node.name}",
            "",
            0.96 if node.name in down and node.name in away else 0.9 if broken or node.name in down else 0.7,
            f"kube-proxy does not run on {node.name}: Services are not reached from there.",
            proofs,
            explains=[f"app/{each.name}" for each in view.workloads if any(pod.node == node.name for pod in each.pods)],
        )


def _unreachable_from(view: View) -> dict[str, Proof]:
    """Nodes from which most Services do not answer while they answer from others (convention: probes.json)."""
    tried: dict[str, list[bool]] = {}
    for check in view.probe("serviceConnectivity"):
        results = rows(check, "results")
        if any(dig(each, "ok") is True for each in results):
            for each in results:
                if word(each, "fromNode"):
                    tried.setdefault(word(each, "fromNode"), []).append(dig(each, "ok") is True)
    return {
        node: other(
            Source.PROBE, f"from {node}", f"{len(good) - sum(good)} of {len(good)} Services that answer elsewhere do not answer"
        )
        for node, good in tried.items()
        if len(good) > 1 and sum(good) < len(good) * 0.3
    }


def scheduler(view: View) -> Iterator[Hypothesis]:
    """Nobody places pods: they wait without a word of the scheduler, whose lease is old, whose pod is down, or which is stopped."""
    down = stopped(view, "kube-scheduler")
    silent = [pod for pod in view.pods if pod.unscheduled and not pod.condition("PodScheduled") and _waited(view, pod.created_at)]
    silent = [pod for pod in silent if not any(event.reason == "FailedScheduling" for event in view.events_of_pod(pod))]
    lease = view.named("Lease", "kube-system", "kube-scheduler")
    renewed = seconds(word(lease, "spec", "renewTime"))
    stale = bool(renewed) and view.now - renewed > LEASE
    broken = [
        pod
        for each in view.every_workload
        if each.namespace == "kube-system" and each.name.startswith("kube-scheduler")
        for pod in each.standing_pods
        if not pod.ready
    ]
    node = (
        next(iter(down), "")
        or next((pod.node for pod in broken), "")
        or word(lease, "spec", "holderIdentity").partition("_")[0]
        or _control_plane(view)
    )
    if not node or not (down or broken or (silent and (stale or not lease))):
        return
    proofs = [*down.values(), *(seen(f"pod/{pod.name}", "waits, and the scheduler said nothing about it") for pod in silent[:3])]
    if stale:
        proofs.append(
            seen("lease/kube-scheduler", f"last renewed {view.now - renewed:.0f} s ago", word(lease, "spec", "renewTime"))
        )
    owners = [f"app/{view.owners[pod.namespace, pod.name].name}" for pod in silent if (pod.namespace, pod.name) in view.owners]
    confidence = 0.96 if down and silent else 0.85 if down or stale or broken else 0.65
    yield suppose(
        "kube_scheduler_unavailable",
        f"node/{node}",
        "",
        confidence,
        "The scheduler does not run: pods wait for a node.",
        proofs,
        explains=owners,
    )


def _waited(view: View, since: float) -> bool:
    return not view.now or not since or view.now - since > 20


def _control_plane(view: View) -> str:
    """The node that says it runs the control plane; with one candidate only."""
    found = [node.name for node in view.nodes if view.controls(node)]
    return found[0] if found else ""


RULES = (kubelet, runtime, not_ready, proxy, scheduler)
