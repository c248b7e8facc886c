"""Offers of pods made anew: a restart, or the one pod that is stuck; and of names that resolve, ports that do not meet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.rules.runtime import shared_ports
from workloads.diagnosis.times import seconds
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.pods import Container
from workloads.diagnosis.view.workloads import Workload
from workloads.repairs.edits import ABSENT, Edit
from workloads.repairs.offering import finding
from workloads.repairs.offering.former import sources
from workloads.repairs.offering.listening import PROBES
from workloads.repairs.offering.variables import mark
from workloads.repairs.values import Ref, Repair
from workloads.unchecked import dig, rows, table, whole, word, words

LONG = 120.0  # seconds that a pod may take to go


def restarted(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """All pods anew, elsewhere perhaps: what sticks to a pod (its network, its connections) goes with it."""
    found = finding.lasting(view, hypothesis)
    if found is None or not found.desired:
        return
    summary = f"Restart {found.name}: its pods are made anew, with a network of their own"
    yield Repair("restart", finding.ref(found), {"at": mark(view)}, summary, hypothesis.fault, hypothesis.object)


def stuck(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """Pods of StatefulSets that are to go and cannot, for their node does not answer: another is made only once they are gone."""
    silent = next(
        (node for node in view.nodes if f"node/{node.name}" == hypothesis.object and node.ready in ("False", "Unknown")), None
    )
    for workload in view.workloads if silent else ():
        for pod in workload.pods if workload.kind == "StatefulSet" else ():
            uid, since = word(pod.obj, "metadata", "uid"), seconds(word(pod.obj, "metadata", "deletionTimestamp"))
            if silent and pod.node == silent.name and uid and 0 < since < view.now - LONG:
                parameters = {"uid": uid, "of": f"{workload.kind}/{workload.name}", "force": True}
                summary = (
                    f"Delete pod {pod.name} by force, so that another is made; only where nothing runs on {silent.name} any more"
                )
                ref = Ref("Pod", pod.name, pod.namespace)
                yield Repair("delete_pod", ref, parameters, summary, hypothesis.fault, hypothesis.object)


def resolving(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """DNS as it is declared or was before; else that of the cluster, without what leads elsewhere."""
    found = finding.lasting(view, hypothesis)
    if found is None:
        return
    for source in sources(view, found):
        edits = [
            Edit((name,), dig(found.spec, name) or ABSENT, dig(source.spec, name) or ABSENT)
            for name in ("dnsPolicy", "dnsConfig")
            if (dig(found.spec, name) or _USUAL.get(name)) != (dig(source.spec, name) or _USUAL.get(name))
        ]
        if edits:
            yield _resolving(found, edits, source.told, hypothesis)
    edits = list(_cluster_dns(found))
    if edits:
        yield _resolving(found, edits, "the cluster's DNS knows its Services", hypothesis)


_USUAL = {"dnsPolicy": "ClusterFirst"}


def _cluster_dns(workload: Workload) -> Iterator[Edit]:
    policy = word(workload.spec, "dnsPolicy")
    usual = "ClusterFirstWithHostNet" if dig(workload.spec, "hostNetwork") is True else "ClusterFirst"
    if policy not in ("", usual):
        yield Edit(("dnsPolicy",), policy, usual)
    config = dict(table(workload.spec, "dnsConfig"))
    kept = {key: value for key, value in config.items() if key == "searches" and policy != "None"}
    options = [each for each in rows(config, "options") if word(each, "name") != "ndots"]
    kept |= {"options": options} if options else {}
    if config != kept:
        yield Edit(("dnsConfig",), config, kept or ABSENT)


def _resolving(workload: Workload, edits: list[Edit], told: str, hypothesis: Hypothesis) -> Repair:
    said = ", ".join(f"{edit.where} {edit.to if isinstance(edit.to, str) else 'as usual'}" for edit in edits)
    summary = f"Let {workload.name} resolve names again: {said} ({told})"
    parameters = {"edits": [edit.as_json() for edit in edits]}
    return Repair("patch_template", finding.ref(workload), parameters, summary, hypothesis.fault, hypothesis.object)


def apart(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """Two containers declare one port: that which takes it from a variable, and that no probe asks there, gets another."""
    found = finding.lasting(view, hypothesis)
    pod = next(iter(found.standing_pods), None) if found else None
    for port, names in shared_ports(pod).items() if pod and found else ():
        assert found is not None
        free = _free(found, port)
        for container in reversed([each for each in found.containers if each.name in names]):
            edits = list(_moved(container, port, free))
            if edits and not _asked(container, port) and len(names) > 1:
                summary = f"Let {container.name} of {found.name} listen on {free}, for {port} is taken by another container"
                parameters = {"edits": edits}
                yield Repair("patch_template", finding.ref(found), parameters, summary, hypothesis.fault, hypothesis.object)
                return


def _free(workload: Workload, port: int) -> int:
    taken = {whole(each, "containerPort") for each in workload.ports()}
    return next(number for number in range(port + 1, port + 1000) if number not in taken)


def _moved(container: Container, port: int, free: int) -> Iterator[dict[str, Any]]:
    """The edits that give a container another port, where a variable says which; nothing where its command does."""
    if any(str(port) in part for part in (*words(container.spec, "command"), *words(container.spec, "args"))):
        return
    path: list[Any] = ["containers", f"[name={container.name}]"]
    named = [name for name, value in container.env().items() if value == str(port)]
    for name in named:
        yield {"path": [*path, "env", f"[name={name}]", "value"], "was": str(port), "to": str(free)}
    for place, each in enumerate(container.ports):
        if named and whole(each, "containerPort") == port:
            at = f"[name={word(each, 'name')}]" if all(word(one, "name") for one in container.ports) else place
            yield {"path": [*path, "ports", at, "containerPort"], "was": port, "to": free}


def _asked(container: Container, port: int) -> bool:
    """Whether a probe asks it at that port."""
    return any(
        whole(dig(container.spec, probe, kind), "port") == port for probe in PROBES for kind in ("httpGet", "tcpSocket", "grpc")
    )
