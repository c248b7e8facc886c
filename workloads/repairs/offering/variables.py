"""Offers for variables: an address that names an existing Service and port, a value as it was, a setting of Django."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workloads.diagnosis.answers import Hypothesis, Source
from workloads.diagnosis.rules.service import alike
from workloads.diagnosis.view.calls import Reference
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.services import Service
from workloads.diagnosis.view.workloads import Workload
from workloads.repairs.edits import Edit, masked
from workloads.repairs.offering import finding
from workloads.repairs.offering.former import returning, sources, touching, unsettled
from workloads.repairs.templates import container_of
from workloads.repairs.values import Ref, Repair
from workloads.unchecked import Table, labels, rows, table, whole, word

_VARIABLE = re.compile(r"\b[A-Z][A-Z0-9_]{2,60}\b")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the value of a variable stands: on a container, or under a key of a ConfigMap."""

    workload: Workload
    variable: str
    value: str
    container: str = ""
    config_map: str = ""
    key: str = ""


def places(view: View, workload: Workload, variable: str = "") -> Iterator[Place]:
    """Every variable of a workload with a value that can be read, or only those of that name; what counts first comes first."""
    for container in workload.containers:
        for each in rows(container.spec, "env"):
            name = word(each, "name")
            keyed = table(each, "valueFrom", "configMapKeyRef")
            data = labels(view.named("ConfigMap", workload.namespace, word(keyed, "name")), "data") if keyed else {}
            if name and variable in ("", name) and "value" in each:
                yield Place(workload, name, word(each, "value"), container.name)
            elif name and variable in ("", name) and word(keyed, "key") in data:
                yield Place(workload, name, data[word(keyed, "key")], "", word(keyed, "name"), word(keyed, "key"))
        for source in rows(container.spec, "envFrom"):
            named, prefix = word(source, "configMapRef", "name"), word(source, "prefix")
            for key, value in labels(view.named("ConfigMap", workload.namespace, named), "data").items():
                if variable in ("", prefix + key):
                    yield Place(workload, prefix + key, value, "", named, key)


def setting(view: View, place: Place, was: str, to: str, told: str, hypothesis: Hypothesis, *, part: bool = False) -> Repair:
    """The repair that writes a variable where it stands; of a ConfigMap with the restarts that follow."""
    said = f"{place.variable} of {place.workload.name}"
    value = f"with {to} instead of {was}" if part else to
    if place.config_map:
        ref = Ref("ConfigMap", place.config_map, place.workload.namespace)
        parameters: dict[str, Any] = {"name": place.key, "was": was, "to": to, "part": part}
        parameters |= {"readers": readers(view, place.config_map, place.workload.namespace), "at": mark(view)}
        summary = f"Set {said} to {value} in ConfigMap {place.config_map} ({told})"
    else:
        ref = finding.ref(place.workload)
        parameters = {"name": place.variable, "was": was, "to": to, "part": part, "container": place.container}
        summary = f"Set {said} to {value} ({told})"
    return Repair("set_variable", ref, parameters, summary, hypothesis.fault, hypothesis.object)


def mark(view: View) -> str:
    """The moment of the evidence: what marks a restart that answers it."""
    return view.snapshot.collected_at or view.snapshot.observed_at or "1970-01-01T00:00:00Z"


def readers(view: View, config_map: str, namespace: str) -> list[str]:
    """The workloads that read a ConfigMap when they start, or mount it: Deployment/web."""
    found = []
    for each in view.workloads:
        if each.namespace == namespace and each.kind in ("Deployment", "StatefulSet", "DaemonSet"):
            names = {word(source, "configMapRef", "name") for one in each.containers for source in rows(one.spec, "envFrom")}
            names |= {
                word(item, "valueFrom", "configMapKeyRef", "name") for one in each.containers for item in rows(one.spec, "env")
            }
            names |= {word(volume, "configMap", "name") for volume in rows(each.spec, "volumes")}
            if config_map in names:
                found.append(f"{each.kind}/{each.name}")
    return sorted(found)


def as_before(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """Variables with another value than is declared or was in a former revision; what was veiled is left alone."""
    found = finding.lasting(view, hypothesis)
    for source in sources(view, found) if found else ():
        assert found is not None
        for place in places(view, found):
            to = _value(container_of(source.spec, place.container), place.variable) if place.container else ""
            if to and to != place.value and not masked(to) and not masked(place.value):
                yield setting(view, place, place.value, to, source.told, hypothesis)


def _value(container: Table, variable: str) -> str:
    return next((word(each, "value") for each in rows(container, "env") if word(each, "name") == variable), "")


def returning_variables(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """The former template, where a variable that the fault is about was another there; of a fault that names none, lately."""
    found = finding.lasting(view, hypothesis)
    if found is None:
        return
    names = {each.variable for each in _astray(view, found)} | _named(hypothesis, {place.variable for place in places(view, found)})

    def touches(edit: Edit) -> bool:
        about = any(f"[name={name}]" in edit.path for name in names) or edit.path[-1] == "env"
        return ("env" in edit.path and about) or "envFrom" in edit.path

    if names:
        yield from returning(view, hypothesis, touches)
    elif unsettled(view, found):
        yield from returning(view, hypothesis, touching("env", "envFrom"))


def _named(hypothesis: Hypothesis, known: set[str]) -> set[str]:
    """Variables that lines of logs name: known ones, and those that are missed."""
    told = " ".join(each.text for each in hypothesis.evidence if each.source is Source.LOG)
    return {name for name in _VARIABLE.findall(told) if name in known or "_" in name}


def _astray(view: View, client: Workload) -> Iterator[Reference]:
    """References of a client that lead to no Service, or to a port that it has not."""
    for each in view.references:
        if each.client.app == client.app and each.client.namespace == client.namespace and each.namespace in view.namespaces:
            service = view.service(each.namespace, each.service)
            if service is None or not (service.external or _reaches(service, each)):
                yield each


def addresses(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """Each address of the client that leads nowhere: as it was, else the Service of nearly its name, or the port it has."""
    found = finding.lasting(view, hypothesis)
    for reference in _astray(view, found) if found else ():
        assert found is not None
        yield from _mended(view, found, reference, view.service(reference.namespace, reference.service), hypothesis)


def _reaches(service: Service, reference: Reference) -> bool:
    return not reference.address.port or service.listens_on(reference.address.port)


def _mended(view: View, client: Workload, reference: Reference, service: Service | None, h: Hypothesis) -> Iterator[Repair]:
    for place in list(places(view, client, reference.variable))[:1]:
        for source in sources(view, client):
            to = _value(container_of(source.spec, place.container), place.variable) if place.container else ""
            if to and to != place.value and not masked(to) and not masked(place.value):
                yield setting(view, place, place.value, to, source.told, h)
        host, port = reference.address.host, reference.address.port
        was = f"{host}:{port}" if port and not reference.alone else host
        for to, told in _targets(view, client, reference, service):
            small = place.value.lower()
            if small.count(was) == 1 and was in place.value:
                yield setting(view, place, was, to, told, h, part=not (reference.alone and place.value == was))


def _targets(view: View, client: Workload, reference: Reference, service: Service | None) -> Iterator[tuple[str, str]]:
    """Host and port that exist, in the spelling of the reference."""
    host, port = reference.address.host, reference.address.port
    if service is not None:
        if not reference.alone and (number := _port(view, client, reference, service)) is not None:
            yield f"{host}:{number}", f"Service {service.name} has no port {port}"
        return
    there = [each for each in view.services if each.namespace == reference.namespace]
    fitting = [each.name for each in there if not port or each.listens_on(port)]
    near = finding.closest(reference.service, fitting, 0.7) or finding.closest(reference.service, [each.name for each in there])
    if not near:
        like = [name for name in fitting if alike(name, reference.service)]
        near = like[0] if len(like) == 1 else ""
    target = next((each for each in there if each.name == near), None)
    if target is not None:
        renamed = near + host[len(reference.service) :]
        number = port if not port or target.listens_on(port) else _port(view, client, reference, target)
        if number is not None:
            yield (f"{renamed}:{number}" if port and not reference.alone else renamed), f"there is no Service {reference.service}"


def _port(view: View, client: Workload, reference: Reference, service: Service) -> int | None:
    """The port other clients use, the only one, or the one named as the scheme."""
    numbers = [whole(each, "port") for each in service.ports]
    others = {
        each.address.port
        for each in view.references
        if (each.namespace, each.service) == (service.namespace, service.name) and each.client.app != client.app
    } & set(numbers)
    named = [whole(each, "port") for each in service.ports if word(each, "name") == reference.address.scheme != ""]
    return next((some[0] for some in (sorted(others), numbers, named) if len(some) == 1), None)


def database_port(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """A port that stands in a variable of its own beside that of the host, where the database's Service has another."""
    found = finding.lasting(view, hypothesis)
    if found is None:
        return
    yield from addresses(view, hypothesis)
    hosts = {place.value: place for place in places(view, found)}
    for place in places(view, found):
        if not place.variable.upper().endswith("PORT") or not place.value.isdigit():
            continue
        stem = place.variable.upper().removesuffix("PORT")
        services = [view.service(found.namespace, value.split(".")[0]) for value, each in hosts.items() if _beside(each, stem)]
        for service in services:
            if service and not service.listens_on(int(place.value)) and len(service.ports) == 1:
                to = word(service.ports[0], "port")
                yield setting(view, place, place.value, to, f"Service {service.name} has this port", hypothesis)


def _beside(place: Place, stem: str) -> bool:
    return place.variable.upper() in (f"{stem}HOST", f"{stem}SERVER", f"{stem}ADDR", f"{stem}ADDRESS", f"{stem}HOSTNAME")


def literal(names: Mapping[str, str]) -> Any:
    """An offer of a fixed value for a variable of one of these names: value by name."""

    def offer(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
        found = finding.lasting(view, hypothesis)
        for place in places(view, found) if found else ():
            to = names.get(place.variable.upper().removeprefix("DJANGO_").removeprefix("APP_"))
            if to is not None and place.value.lower() != to:
                yield setting(view, place, place.value, to, f"it is {place.value}", hypothesis)

    return offer
