"""Who calls whom: from variables and ConfigMaps that name Services, and from collected lists of dependencies."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from workloads.diagnosis.view.services import Address, Service, address, in_cluster, selects
from workloads.diagnosis.view.workloads import Workload
from workloads.unchecked import Table, rows, table, word, words

# DB_HOST beside DB_PORT: an address in two variables. HOST alone is where a server listens.
_HOST = re.compile(r"(?P<stem>[A-Za-z0-9_]{0,60}[A-Za-z0-9]_?)(?:HOST|HOSTNAME|host|hostname)")
_LABEL = re.compile(r"[a-z](?:[a-z0-9.-]{0,200}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Reference:
    """A client's variable that holds an address of the cluster. `alone`: a host only; its port, if any, is another variable."""

    client: Workload
    variable: str
    value: str
    address: Address
    namespace: str
    service: str
    alone: bool = False
    port_variable: str = ""


def references(workloads: Sequence[Workload], config: Callable[[str, str], Table]) -> Iterator[Reference]:
    """Every variable of every workload that names something by cluster DNS. `config` finds a ConfigMap."""
    for workload in workloads:
        settings = _settings(workload, config)
        for variable, value in settings.items():
            for each in value.split(",")[:20]:
                found = address(each)
                target = in_cluster(found.host, workload.namespace) if found else None
                if found and target:
                    yield Reference(workload, variable, each.strip(), found, *target)
            yield from _in_two(workload, variable, value.strip().lower(), settings)


def _in_two(workload: Workload, variable: str, host: str, settings: Mapping[str, str]) -> Iterator[Reference]:
    """A host in a variable that is named so, with the port that stands beside it."""
    named = _HOST.fullmatch(variable)
    target = in_cluster(host, workload.namespace) if named and _LABEL.fullmatch(host) else None
    if named is None or target is None:
        return
    beside = next((name for name in (f"{named['stem']}PORT", f"{named['stem']}port") if name in settings), "")
    digits = settings.get(beside, "")
    port = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 5 else 0
    yield Reference(workload, variable, host, Address(host, port, ""), *target, alone=True, port_variable=beside if port else "")


def _settings(workload: Workload, config: Callable[[str, str], Table]) -> dict[str, str]:
    """The variables of a workload: given ones and those of its ConfigMaps."""
    found: dict[str, str] = {}
    for container in workload.containers:
        for source in rows(container.spec, "envFrom"):
            data = table(config(workload.namespace, word(source, "configMapRef", "name")), "data")
            found.update({str(key): word(value) for key, value in data.items() if len(word(value)) < 2000})
    return found | workload.env()


def _made_by(workload: Workload, service: Service) -> bool:
    """Whether the Service selects the workload's pods, by its template or by labels that they got later."""
    return any(selects(service.selector, having) for having in (workload.labels, *(pod.labels for pod in workload.pods)))


def graph(
    found: Iterable[Reference],
    workloads: Sequence[Workload],
    service: Callable[[str, str], Service | None],
    listed: Iterable[Table],
) -> dict[str, set[str]]:
    """For each workload's name, the names of the workloads it calls. `listed` are collected dependencies."""
    calls: dict[str, set[str]] = defaultdict(set)
    for reference in found:
        target = service(reference.namespace, reference.service)
        for each in workloads if target else ():
            if target and each.namespace == target.namespace and _made_by(each, target):
                calls[reference.client.name].add(each.name)
    for entry in listed:
        calls[word(entry, "service")].update(words(entry, "calls"))
    for name, called in calls.items():
        called.discard(name)
    return dict(calls)
