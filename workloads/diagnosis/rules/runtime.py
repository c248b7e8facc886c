"""Runtime: containers run and do not stay up, or should run and are not wanted. Rests on states, exit codes and kernel texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from workloads.diagnosis.answers import Hypothesis, Proof, Source
from workloads.diagnosis.rules.making import heard, logged, other, seen, suppose
from workloads.diagnosis.times import seconds
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.logs import Signature
from workloads.diagnosis.view.pods import Container, Pod
from workloads.diagnosis.view.workloads import Workload
from workloads.unchecked import dig, labels, whole, word

_OOM = re.compile(r"OOM-?killed|memory limit too low|Out of memory: Kill|Memory cgroup out of memory|oom-kill:", re.I)
_OOM_OWN = Signature(
    re.compile(r"java\.lang\.OutOfMemoryError|JavaScript heap out of memory|MemoryError\b"),
    ("outofmemoryerror", "out of memory", "memoryerror"),
)
IN_USE = Signature(
    re.compile(
        r"address already in use|EADDRINUSE|port \d{1,5} (?:was|is) already (?:in use|allocated)"
        r"|bind: address in use|Only one usage of each socket",
        re.I,
    ),
    ("already in use", "eaddrinuse", "already allocated", "address in use", "only one usage"),
)
RECENT = 600.0


def failing(view: View, pod: Pod, container: Container, recent: float = RECENT) -> bool:
    """Whether a container is in trouble now: not ready, or restarted more than once and lately."""
    if not container.ready and (container.restarts or container.waiting or container.ended):
        return True
    ended = seconds(word(container.ended, "finishedAt"))
    return container.restarts > 1 and bool(ended) and (not view.now or view.now - ended <= recent / 2)


def out_of_memory(view: View) -> Iterator[Hypothesis]:
    """The kernel killed the container at its memory limit, and it has not recovered since."""
    for workload in view.workloads:
        proofs = [proof for pod in workload.standing_pods for proof in _memory(view, pod)]
        if proofs:
            limits = [word(each.spec, "resources", "limits", "memory") for each in workload.containers]
            yield suppose(
                "oom_killed",
                workload.app,
                workload.namespace,
                0.95,
                f"{workload.name} reaches its memory limit and is killed.",
                [*proofs, seen(workload.path, f"memory limits: {', '.join(filter(None, limits)) or 'none'}")],
                explains=[workload.app],
            )


def _memory(view: View, pod: Pod) -> Iterator[Proof]:
    if pod.ready and not any(failing(view, pod, each) for each in pod.containers):
        return
    for container in pod.containers:
        reason = word(container.ended, "reason")
        if reason == "OOMKilled" and failing(view, pod, container):
            yield seen(
                f"pod/{pod.name}",
                f"{container.name} ended: OOMKilled, exit code {word(container.ended, 'exitCode')}, {container.restarts} restarts",
                word(container.ended, "finishedAt"),
            )
    for event in view.events_of_pod(pod)[:30]:
        if _OOM.search(event.message) and (not view.now or view.now - event.at <= RECENT):
            yield heard(event)
    yield from _unreasoned(view, pod)


def _unreasoned(view: View, pod: Pod) -> Iterator[Proof]:
    """Exit code 137 that no probe and no node explains, with a memory limit; or the program's own words before it died."""
    told = view.events_of_pod(pod)
    probed = any(event.reason in ("Killing", "Unhealthy") and "iveness" in event.message for event in told)
    for container in pod.containers:
        code = whole(container.ended, "exitCode", default=-1)
        limited = bool(word(container.spec, "resources", "limits", "memory"))
        limited &= bool(view.kind("Event")) or "livenessProbe" not in container.spec
        if (
            code == 137
            and word(container.ended, "reason") == "Error"
            and limited
            and not probed
            and container.restarts > 1
            and failing(view, pod, container)
        ):
            yield seen(
                f"pod/{pod.name}",
                f"{container.name} ended with exit code 137 and no probe killed it",
                word(container.ended, "finishedAt"),
            )
        if code > 0 and failing(view, pod, container):
            for log in view.logs_of_pod(pod):
                if log.source.container == container.name:
                    yield from (logged(line) for line in log.matching(_OOM_OWN, most=1))


def port_taken(view: View) -> Iterator[Hypothesis]:
    """A container that does not stay up finds its port taken: by another container of the pod, which shares its network."""
    for workload in view.workloads:
        for pod in workload.standing_pods if workload.troubled else ():
            line = next(
                (
                    line
                    for log in view.logs_of_pod(pod)
                    for line in log.matching(IN_USE, most=1)
                    if _fails(pod, log.source.container)
                ),
                None,
            )
            twice = shared_ports(pod)
            if not line and not (twice and any(failing(view, pod, each) for each in pod.containers)):
                continue
            proofs = [logged(line)] if line else []
            proofs += [seen(f"pod/{pod.name}", f"port {port} is declared by {', '.join(names)}") for port, names in twice.items()]
            many = len([each for each in pod.containers if not each.init or each.sidecar]) > 1
            yield suppose(
                "service_sidecar_port_conflict",
                workload.app,
                workload.namespace,
                0.94 if line and many else (0.75 if line else 0.6),
                f"Two processes of {workload.name} want one port.",
                proofs,
                explains=[workload.app],
            )
            break


def _fails(pod: Pod, name: str) -> bool:
    return any(each.name == name and not each.ready for each in pod.containers)


def shared_ports(pod: Pod) -> dict[int, list[str]]:
    """Ports that more than one container of a pod declares."""
    found: dict[int, list[str]] = {}
    for container in pod.containers:
        for port in container.ports if not container.init or container.sidecar else ():
            found.setdefault(whole(port, "containerPort"), []).append(container.name)
    return {port: names for port, names in found.items() if port and len(set(names)) > 1}


def zero_replicas(view: View) -> Iterator[Hypothesis]:
    """Scaled to zero although it is declared with more, or although its Service is called and nobody answers."""
    for workload in view.workloads:
        if workload.kind not in ("Deployment", "StatefulSet") or workload.desired != 0 or scaled_by_machine(view, workload):
            continue
        proofs = [seen(workload.path, "spec.replicas: 0")]
        declared, wanted = _declared_replicas(view, workload), _missed(view, workload)
        if declared:
            proofs.append(declared)
        callers = [each for each in view.workloads if each.ready and workload.name in view.calls.get(each.name, ())]
        if not declared and not wanted and not callers:
            continue
        proofs += [seen(each.path, f"calls {workload.name} and runs") for each in callers[:2]]
        yield suppose(
            "deployment_zero_replicas",
            workload.app,
            workload.namespace,
            0.95 if declared and wanted else 0.9 if declared else 0.75 if wanted else 0.6,
            f"{workload.name} is scaled to zero and is wanted.",
            [*proofs, *wanted],
            explains=[workload.app],
        )


def scaled_by_machine(view: View, workload: Workload) -> bool:
    """Whether an autoscaler says how many pods it has."""
    kinds = ("HorizontalPodAutoscaler", "ScaledObject")
    return any(
        word(each, "spec", "scaleTargetRef", "name") == workload.name and view.seen(each)
        for kind in kinds
        for each in view.kind(kind)
    )


def _declared_replicas(view: View, workload: Workload) -> Proof | None:
    """What declares more than zero: the declared manifest, or the one last applied."""
    declared = view.declared.get((workload.kind, workload.namespace, workload.name))
    if declared and whole(declared, "spec", "replicas", default=1) > 0:
        return other(Source.DECLARED, workload.path, f"declared with replicas: {whole(declared, 'spec', 'replicas', default=1)}")
    applied = labels(workload.obj, "metadata", "annotations").get("kubectl.kubernetes.io/last-applied-configuration", "")
    try:
        replicas = dig(json.loads(applied[:500_000]), "spec", "replicas") if applied else None
    except (ValueError, RecursionError):
        return None
    if isinstance(replicas, int) and replicas > 0:
        return seen(workload.path, f"last applied with replicas: {replicas}")
    return None


def _missed(view: View, workload: Workload) -> list[Proof]:
    """Who wants it: callers whose logs fail to reach it, failing checks of its Service, alerts about it."""
    names = {workload.name, *(service.name for service in view.services_of(workload))}
    found = [
        other(
            Source.ALERT,
            word(alert, "labels", "alertname"),
            word(alert, "annotations", "description") or word(alert, "annotations", "summary"),
        )
        for alert in view.snapshot.alerts or ()
        if names & set(labels(alert, "labels").values())
    ][:1]
    found += [
        other(Source.PROBE, f"service/{word(each, 'service')}", "connection failed")
        for each in view.probe("serviceConnectivity")
        if word(each, "service") in names and dig(each, "ok") is False
    ][:1]
    missed = Signature(
        re.compile(
            rf"(?:{'|'.join(re.escape(name) for name in sorted(names))})"
            r"\b.{0,200}(?:refused|unavailable|no healthy upstream|503|timed out)",
            re.I,
        ),
        tuple(name.lower() for name in names),
    )
    for caller in view.callers.get(workload.name, ()):
        client = view.workload(workload.namespace, caller)
        for log in view.logs_of(client)[:3] if client else ():
            found += [logged(line) for line in log.matching(missed, most=1) if line.within(300)]
    return found[:4]


_FATAL = Signature(
    re.compile(r"\b(?:fatal|panic|traceback|exception|error)\b", re.I), ("fatal", "panic", "traceback", "exception", "error")
)


def crash_loop(view: View) -> Iterator[Hypothesis]:
    """A container crashes again and again and no other rule says why: told with little confidence, its last words as evidence."""
    for workload in view.workloads:
        for pod in workload.standing_pods:
            looping = [
                each for each in pod.containers if each.waiting == "CrashLoopBackOff" or (each.restarts > 2 and not each.ready)
            ]
            if not looping:
                continue
            lines = [logged(line) for log in view.logs_of_pod(pod) for line in log.matching(_FATAL, most=2)]
            ended = looping[0].ended
            proof = seen(
                f"pod/{pod.name}",
                f"{looping[0].name}: {looping[0].restarts} restarts, exit code {word(ended, 'exitCode')}",
                word(ended, "finishedAt"),
            )
            yield suppose(
                "crash_loop",
                workload.app,
                workload.namespace,
                0.42,
                f"{workload.name} crashes again and again.",
                [proof, *lines[:4]],
                explains=[workload.app],
            )
            break


RULES = (out_of_memory, port_taken, zero_replicas, crash_loop)
