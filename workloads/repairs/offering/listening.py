"""Which ports a program listens on, as far as evidence tells: answered probes, arguments, variables, declared ports."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workloads.diagnosis.rules.probes import handler, port_of
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.pods import Container
from workloads.diagnosis.view.workloads import Workload
from workloads.unchecked import dig, table, whole, word, words

_BOUND = re.compile(
    r"(?:--?(?:bind|b|host|listen|addr|address|http|http-address)[= ])?(?:\d{1,3}(?:\.\d{1,3}){3}|\[::\]|\*|localhost)?:(\d{2,5})\b"
    r"|--?(?:port|p|http-port|listen-port)[= ](\d{2,5})\b"
    r"|\brunserver (?:\S{1,100}:)?(\d{2,5})\b"
)
_TOLD = re.compile(
    r"(?:listen(?:ing|s)?|serving|started|bound|running)\b[^\n]{0,80}?(?:port(?:\(s\))?[ :=]{1,3}|:)(\d{2,5})\b", re.I
)
PROBES = ("readinessProbe", "livenessProbe", "startupProbe")


def arguments(container: Container) -> set[int]:
    """Ports its command line binds to."""
    text = " ".join((*words(container.spec, "command"), *words(container.spec, "args")))
    return {int(number) for match in _BOUND.finditer(text[:4000]) for number in match.groups() if number}


def variables(container: Container) -> set[int]:
    """Ports in variables that are called after one's own port."""
    found = {
        whole({"port": value}, "port") for name, value in container.env().items() if name in ("PORT", "HTTP_PORT", "SERVER_PORT")
    }
    return found - {0}


def declared(container: Container) -> list[int]:
    """Ports it declares, in their order."""
    return [number for number in (whole(port, "containerPort") for port in container.ports) if number]


def answered(workload: Workload, name: str) -> set[int]:
    """Ports at which probes of a container are answered now: the container is ready, and its readiness probe asks there."""
    found = set()
    for pod in workload.standing_pods:
        for container in pod.containers:
            probe = table(container.spec, "readinessProbe")
            if container.name == name and container.ready and handler(probe) in ("httpGet", "tcpSocket", "grpc"):
                found.add(port_of(probe, container))
    return found - {0}


def said(view: View, workload: Workload, name: str) -> set[int]:
    """Ports that the program's log says it listens on."""
    found: set[int] = set()
    for log in view.logs_of(workload):
        if log.source.container in (name, workload.name):
            found |= {int(match[1]) for match in _TOLD.finditer(log.text[:20_000])}
    return {number for number in found if number < 65_536}


def ports(view: View, workload: Workload, container: Container) -> list[int]:
    """Ports it listens on, the surest first: where probes are answered, what it is told to bind, what it says, what it declares."""
    sources = (answered(workload, container.name), arguments(container), variables(container))
    ranked = [number for source in sources for number in sorted(source)]
    listed = declared(container)
    heard = said(view, workload, container.name)
    ranked += [number for number in listed if number in heard] + listed + sorted(heard)
    return list(dict.fromkeys(ranked))


def probed(container: Container) -> Iterator[tuple[str, int]]:
    """The probes of a container that ask a port, with the port."""
    for name in PROBES:
        probe = table(container.spec, name)
        if handler(probe) and dig(probe, handler(probe), "port") is not None:
            yield name, port_of(probe, container)


def named(container: Container, number: int) -> str:
    """The name a container gives to a port, empty where it gives none."""
    return next((word(port, "name") for port in container.ports if whole(port, "containerPort") == number), "")
