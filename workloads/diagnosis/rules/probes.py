"""Probes: the program is healthy and its probe is not. Rests on the kubelet's events and on what the pod itself declares."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workloads.diagnosis.answers import Hypothesis, Proof
from workloads.diagnosis.rules.making import heard, seen, suppose
from workloads.diagnosis.times import seconds
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.events import Event
from workloads.diagnosis.view.pods import Container, Pod
from workloads.diagnosis.view.workloads import Workload
from workloads.unchecked import Table, dig, rows, table, whole, word

KINDS = ("liveness", "readiness")
HANDLERS = ("httpGet", "tcpSocket", "grpc", "exec")
# What a probe gets that speaks another protocol than the program (net/http, gRPC).
_PROTOCOL = re.compile(
    r"malformed HTTP|HTTP/1\.x transport connection broken|server gave HTTP response to HTTPS client"
    r"|first record does not look like a TLS handshake"
    r"|tls: |unknown service grpc\.health|Unimplemented|error reading server preface|http2: "
    r"|frame too large|does not implement the grpc health"
    r"|unexpected HTTP status code received from server|connection closed before server preface",
    re.I,
)
_NO_ANSWER = re.compile(r"connection refused|failed to connect|context deadline exceeded|i/o timeout|Client\.Timeout", re.I)
_STATUS = re.compile(r"statuscode: (\d{3})")
RECENT = 600.0


def handler(probe: Table) -> str:
    """Which kind of probe it is."""
    return next((kind for kind in HANDLERS if dig(probe, kind) is not None), "")


def port_of(probe: Table, container: Container) -> int:
    """The port a probe asks, by number; 0 for commands and unknown names."""
    found = dig(probe, handler(probe), "port") if handler(probe) else None
    if isinstance(found, str) and not found.isdigit():
        return next((whole(port, "containerPort") for port in container.ports if word(port, "name") == found), 0)
    return whole({"port": found}, "port")


def failures(view: View, pod: Pod, kind: str) -> list[Event]:
    """The kubelet's recent complaints about a probe of a pod, latest first."""
    begin = f"{kind.capitalize()} probe"
    found = [event for event in view.events_of_pod(pod) if event.reason == "Unhealthy" and event.message.startswith(begin)]
    return [event for event in found if not view.now or view.now - event.at <= RECENT]


def listening(workload: Workload, container: Container, view: View) -> set[int]:
    """Ports the program is known to listen on: declared ones, targets of Services, its PORT, those of its other probes."""
    found = {whole(port, "containerPort") for port in container.ports}
    for service in view.services_of(workload):
        found |= {whole(port, "targetPort", default=0) for port in service.ports}
    for name, value in container.env().items():
        if name == "PORT" or name.endswith("_PORT"):
            found.add(whole({"port": value}, "port"))
    return found - {0}


def incorrect(view: View) -> Iterator[Hypothesis]:
    """A probe fails now while everything else says that the program runs."""
    for workload in view.workloads:
        for kind in KINDS:
            found = _first(view, workload, kind)
            if found:
                yield found
                break


def _first(view: View, workload: Workload, kind: str) -> Hypothesis | None:
    for pod in workload.standing_pods:
        told = failures(view, pod, kind)
        for container in pod.containers:
            probe = table(container.spec, f"{kind}Probe")
            if probe and told and _shows(view, container, pod, kind, workload.unavailable):
                what = judge(view, workload, pod, container, kind, probe, told)
                if what:
                    return _told(workload, pod, container, kind, probe, told, what)
    return None


def _shows(view: View, container: Container, pod: Pod, kind: str, flapping: bool) -> bool:
    """Whether the probe's failure has its effect now: restarts that go on, or a running container that is not ready."""
    running = bool(table(container.status, "state", "running"))
    if kind == "liveness":
        young = not view.now or view.now - container.started_at < 120
        return container.restarts > 0 and (not pod.ready or not container.ready or young or flapping)
    return running and not container.ready


def judge(view: View, workload: Workload, pod: Pod, container: Container, kind: str, probe: Table, told: list[Event]) -> str:
    """port, protocol, timing, or empty when the program and not the probe is wrong."""
    text = " ".join(event.message for event in told[:5])
    port, known = port_of(probe, container), listening(workload, container, view)
    if port and known and port not in known and not _PROTOCOL.search(text):
        return "port"
    if handler(probe) and _named_port_unknown(probe, container):
        return "port"
    if _PROTOCOL.search(text) or _other_protocol(view, workload, pod, container, kind, probe):
        return "protocol"
    if port and known and port not in known:
        return "port"
    if "statuscode: 404" in text:
        return "path"
    if kind == "liveness" and _hasty(container, probe, told):
        return "timing"
    return ""


def _named_port_unknown(probe: Table, container: Container) -> bool:
    found = dig(probe, handler(probe), "port")
    return isinstance(found, str) and not found.isdigit() and all(word(port, "name") != found for port in container.ports)


def _other_protocol(view: View, workload: Workload, pod: Pod, container: Container, kind: str, probe: Table) -> bool:
    """Whether the port is named for another protocol, or the other probe asks it in another way and is answered."""
    mine, port = handler(probe), port_of(probe, container)
    names = {word(each, "name").split("-")[0] for each in container.ports if whole(each, "containerPort") == port}
    names |= {
        word(each, "name").split("-")[0]
        for one in view.services_of(workload)
        for each in one.ports
        if whole(each, "targetPort") == port
    }
    if (mine == "httpGet" and "grpc" in names) or (mine == "grpc" and names & {"http", "web"}):
        return True
    other = "readiness" if kind == "liveness" else "liveness"
    mate = table(container.spec, f"{other}Probe")
    if not handler(mate) or "exec" in (handler(mate), mine) or port_of(mate, container) != port:
        return False
    schemes = {word(each, "httpGet", "scheme") or "HTTP" for each in (mate, probe) if handler(each) == "httpGet"}
    often = [sum(event.count for event in failures(view, pod, each)) for each in (kind, other)]
    return (handler(mate) != mine or len(schemes) > 1) and often[0] > 2 * often[1]


def patience(probe: Table) -> int:
    """Seconds from the start of a container until a liveness probe that never succeeds gets it killed (core/v1 Probe defaults)."""
    period = whole(probe, "periodSeconds", default=10) or 10
    failures_ = whole(probe, "failureThreshold", default=3) or 3
    return whole(probe, "initialDelaySeconds") + period * (failures_ - 1) + (whole(probe, "timeoutSeconds", default=1) or 1)


def _hasty(container: Container, probe: Table, told: list[Event]) -> bool:
    """Whether a starting program is killed before it can answer: killed (not crashed) after about the probe's patience."""
    killed = whole(container.ended, "exitCode", default=-1) in (137, 143, 2, 0)
    lived = seconds(word(container.ended, "finishedAt")) - seconds(word(container.ended, "startedAt"))
    waits = patience(probe)
    impatient = waits <= 20 or (0 < lived <= waits + 40 and waits <= 90 and not container.ready)
    startup = bool(table(container.spec, "startupProbe"))
    text = " ".join(event.message for event in told[:5])
    return killed and impatient and not startup and bool(_NO_ANSWER.search(text)) and word(container.ended, "reason") != "OOMKilled"


def _told(workload: Workload, pod: Pod, container: Container, kind: str, probe: Table, told: list[Event], what: str) -> Hypothesis:
    spec = {key: dig(probe, key) for key in (*HANDLERS, "initialDelaySeconds", "periodSeconds", "failureThreshold") if key in probe}
    declared = [whole(port, "containerPort") for port in rows(container.spec, "ports")]
    proofs: list[Proof] = [
        seen(f"pod/{pod.name}", f"{container.name} {kind}Probe {spec}; declared ports {declared}"),
        *map(heard, told[:2]),
    ]
    if kind == "liveness":
        proofs.append(seen(f"pod/{pod.name}", f"{container.name} restarted {container.restarts} times"))
    confidence = {"port": 0.93, "protocol": 0.92, "timing": 0.82, "path": 0.85}[what]
    summary = f"The {kind} probe of {workload.name} has the wrong {what}; the program runs."
    return suppose(
        f"{kind}_probe_incorrect_{what}", workload.app, workload.namespace, confidence, summary, proofs, explains=[workload.app]
    )


RULES = (incorrect,)
