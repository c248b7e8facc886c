"""Offers for probes: the port the program listens on, the protocol it speaks, the time it takes to start."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.rules.probes import handler, patience, port_of
from workloads.diagnosis.times import seconds
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.pods import Container
from workloads.diagnosis.view.workloads import Workload
from workloads.repairs.edits import contained
from workloads.repairs.offering import finding, listening
from workloads.repairs.offering.former import sources
from workloads.repairs.templates import container_of
from workloads.repairs.values import Repair
from workloads.unchecked import Table, dig, table, whole, word

MATES = {"livenessProbe": "readinessProbe", "readinessProbe": "livenessProbe"}
Offer = Any


def mended(what: str) -> Offer:
    """An offer for a probe whose port, protocol, path or timing is wrong."""

    def offer(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
        found = finding.lasting(view, hypothesis)
        name = f"{hypothesis.fault.partition('_')[0]}Probe"
        for container in found.containers if found else ():
            assert found is not None
            was = table(container.spec, name)
            if not was or not _fails(found, container.name, name):
                continue
            for to, told in (*_before(view, found, container.name, name, was), *_COMPUTED[what](view, found, container, name)):
                if to and to != was:
                    yield _repair(found, container.name, name, was, to, told, hypothesis)

    return offer


def _fails(workload: Workload, container: str, name: str) -> bool:
    """Whether the container is one that the probe keeps from being ready, or gets restarted."""
    states = [each for pod in workload.standing_pods for each in pod.containers if each.name == container]
    return not states or any(not each.ready or (name == "livenessProbe" and each.restarts) for each in states)


def _before(view: View, workload: Workload, container: str, name: str, was: Table) -> Iterator[tuple[dict[str, Any], str]]:
    for source in sources(view, workload):
        to = dict(table(container_of(source.spec, container), name))
        if handler(to) and not contained(to, dict(was)):
            yield to, source.told


def _repair(workload: Workload, container: str, name: str, was: Table, to: dict[str, Any], told: str, h: Hypothesis) -> Repair:
    return Repair(
        "fix_probe",
        finding.ref(workload),
        {"container": container, "probe": name, "was": dict(was), "to": to},
        f"Let the {name} of {workload.name} be {said(to)} (it is {said(was)}; {told})",
        h.fault,
        h.object,
    )


def said(probe: Table) -> str:
    """A probe in few words."""
    kind = handler(probe)
    asks = table(probe, kind)
    where = f"{word(asks, 'scheme').lower() or 'http'} {word(asks, 'path')}" if kind == "httpGet" else kind
    port = f" at {word(asks, 'port')}" if word(asks, "port") else ""
    times = "/".join(str(whole(probe, name)) for name in ("initialDelaySeconds", "periodSeconds", "failureThreshold"))
    return f"{where}{port}, {times}s"


def _mate(container: Container, name: str) -> Table:
    """The container's other probe, where that one is answered."""
    return table(container.spec, MATES.get(name, ""))


def _port(view: View, workload: Workload, container: Container, name: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The port of the other probe where that is answered, else the one that the program listens on."""
    was, mate = table(container.spec, name), _mate(container, name)
    wrong = port_of(was, container)
    ranked = listening.ports(view, workload, container)
    if handler(mate) and port_of(mate, container) in ranked:
        ranked.insert(0, port_of(mate, container))
    for number in ranked:
        if number != wrong and handler(was) != "exec":
            to = copy.deepcopy(dict(was))
            to[handler(was)] = {**to[handler(was)], "port": number}
            yield to, f"the program listens on {number}"
            return


def _protocol(view: View, workload: Workload, container: Container, name: str) -> Iterator[tuple[dict[str, Any], str]]:
    """As the other probe asks where it asks in another way; as the port is named; else only whether the port is open."""
    was, mate = table(container.spec, name), _mate(container, name)
    kind, timing = handler(was), {key: value for key, value in was.items() if key not in ("httpGet", "tcpSocket", "grpc", "exec")}
    if handler(mate) and handler(mate) != "exec" and not _alike(mate, was):
        yield {**timing, handler(mate): copy.deepcopy(dict(table(mate, handler(mate))))}, "as its other probe asks"
    port = port_of(was, container) or next(iter(listening.ports(view, workload, container)), 0)
    names = _names(view, workload, container, port)
    if kind != "grpc" and "grpc" in names:
        yield {**timing, "grpc": {"port": port}}, "its port is named grpc"
    if kind == "httpGet" and _scheme(was) == "HTTPS" and names & {"http", "web"}:
        yield {**timing, kind: {**table(was, kind), "scheme": "HTTP"}}, "its port is named http"
    if kind == "httpGet" and _scheme(was) == "HTTPS" and not names & {"https", "tls"}:
        yield {**timing, kind: {**table(was, kind), "scheme": "HTTP"}}, "the program answers without TLS"
    if port and kind != "tcpSocket":
        yield {**timing, "tcpSocket": {"port": port}}, "whether the port is open, whatever it speaks"


def _alike(one: Table, other: Table) -> bool:
    return handler(one) == handler(other) and _scheme(one) == _scheme(other)


def _scheme(probe: Table) -> str:
    return word(probe, "httpGet", "scheme") or "HTTP"


def _names(view: View, workload: Workload, container: Container, port: int) -> set[str]:
    """What the port is called by its container and by Services, as far as the first word tells a protocol."""
    found = {listening.named(container, port)}
    for service in view.services_of(workload):
        found |= {
            word(each, "name") for each in service.ports if dig(each, "targetPort") in (port, listening.named(container, port))
        }
        found |= {word(each, "appProtocol") for each in service.ports if whole(each, "targetPort") == port}
    return {name.split("-")[0].lower() for name in found if name}


def _path(view: View, workload: Workload, container: Container, name: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The path of the other probe, where that differs; else only whether the port is open."""
    was, mate = table(container.spec, name), _mate(container, name)
    if handler(mate) == "httpGet" and word(mate, "httpGet", "path") not in ("", word(was, "httpGet", "path")):
        yield {**was, "httpGet": {**table(was, "httpGet"), "path": word(mate, "httpGet", "path")}}, "as its other probe asks"
    port = port_of(was, container)
    timing = {key: value for key, value in was.items() if key != "httpGet"}
    if port:
        yield {**timing, "tcpSocket": {"port": port}}, "whether the port is open: no path is known that answers"


def _timing(view: View, workload: Workload, container: Container, name: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Time enough: twice what a start was seen to take, where one was; else the defaults, and four times its patience."""
    was = dict(table(container.spec, name))
    took = _start(workload, container.name)
    waits = max(2 * took, 4.0 * patience(was), 30.0)
    period = max(whole(was, "periodSeconds", default=10), 10)
    to = was | {
        "periodSeconds": period,
        "timeoutSeconds": max(whole(was, "timeoutSeconds", default=1), 3),
        "failureThreshold": max(whole(was, "failureThreshold", default=3), 3),
    }
    to["initialDelaySeconds"] = max(whole(was, "initialDelaySeconds"), int(waits) - period * (to["failureThreshold"] - 1))
    told = f"a start took {took:.0f} s" if took else f"it was killed after {patience(was)} s"
    yield to, told


def _start(workload: Workload, name: str) -> float:
    """The longest time from a container's start until its pod was ready, in seconds; 0 where none became ready."""
    found = [0.0]
    for pod in workload.pods:
        ready = seconds(word(pod.condition("Ready"), "lastTransitionTime")) if pod.ready else 0.0
        found += [ready - each.started_at for each in pod.containers if each.name == name and ready > each.started_at > 0]
    return min(max(found), 900.0)


_COMPUTED = {"port": _port, "protocol": _protocol, "path": _path, "timing": _timing}
