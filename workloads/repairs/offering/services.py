"""Offers for Services: the selector their pods meet, the port and protocol that containers have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.rules.service import misled, protocol_differs, unselecting
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.services import Service, selects
from workloads.diagnosis.view.workloads import Workload
from workloads.repairs.offering import finding, listening
from workloads.repairs.values import Ref, Repair
from workloads.unchecked import Table, dig, labels, rows, whole, word

_HASH = "pod-template-hash"


def selecting(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """The selector that is declared where it meets the pods, else the labels they really have under the same keys."""
    for service, target in unselecting(view):
        if target.app != hypothesis.object or target.namespace != hypothesis.namespace:
            continue
        chosen = selector(view, service, target)
        if chosen and chosen != service.selector:
            summary = f"Let the selector of Service {service.name} be {said(chosen)} (it is {said(service.selector)})"
            yield _repair(service, {"selector": {"was": service.selector, "to": chosen}}, summary, hypothesis)


def selector(view: View, service: Service, target: Workload) -> dict[str, str]:
    """The selector that fits the workload's pods and no others; empty where none does."""
    declared = labels(finding.declared(view, "Service", service.namespace, service.name), "spec", "selector")
    same = {key: target.labels[key] for key in service.selector if key in target.labels}
    own = labels(target.obj, "spec", "selector", "matchLabels")
    for chosen in (declared, same, own, {**own, **same}):
        without = {key: value for key, value in chosen.items() if key != _HASH}
        if selects(without, target.labels) and not _others(view, without, target):
            return without
    return {}


def _others(view: View, chosen: Mapping[str, str], target: Workload) -> bool:
    """Whether another workload's pods meet it too."""
    return any(
        selects(chosen, each.labels)
        for each in view.workloads
        if each.namespace == target.namespace and each.name != target.name and each.kind not in ("Job", "CronJob")
    )


def leading(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """The port of the container that a Service's port means, or the port that all its clients use."""
    found = finding.workload(view, hypothesis)
    for service in view.services_of(found) if found else ():
        assert found is not None
        for port, _ in misled(service, found):
            target = _target(view, service, port, found)
            if target is not None and target != dig(port, "targetPort"):
                yield _ported(service, port, "targetPort", target, hypothesis)
        yield from _called(view, service, hypothesis)


def _target(view: View, service: Service, port: Table, workload: Workload) -> int | str | None:
    """What targetPort should be: as declared, of the port's own name or number, the nearest name, or the only one that is free."""
    ports = workload.ports()
    numbers = [whole(each, "containerPort") for each in ports]
    names = [word(each, "name") for each in ports if word(each, "name")]
    declared = finding.declared(view, "Service", service.namespace, service.name)
    meant = next((dig(each, "targetPort") for each in rows(declared, "spec", "ports") if _same(each, port)), None)
    if meant in names or meant in numbers:
        return meant  # type: ignore[no-any-return]
    wrong = word(port, "targetPort")
    if word(port, "name") in names and not wrong.isdigit():
        return word(port, "name")
    named = [whole(each, "containerPort") for each in ports if word(each, "name") == word(port, "name") != ""]
    if len(named) == 1:
        return named[0]
    if whole(port, "port") in numbers:
        return whole(port, "port")
    if near := finding.closest(wrong, names) if not wrong.isdigit() else "":
        return near
    return _free(view, service, port, workload)


def _free(view: View, service: Service, port: Table, workload: Workload) -> int | None:
    """The port the program listens on that no other port of the Service leads to; None where there are several."""
    taken = {whole(each, "targetPort") for each in service.ports if each is not port}
    listed = {number for each in workload.containers for number in listening.ports(view, workload, each)[:3]} - taken
    declared = {number for each in workload.containers for number in listening.declared(each)} - taken
    surest = {number for each in workload.containers for number in listening.answered(workload, each.name)} - taken
    return next((some.pop() for some in (declared, surest, listed) if len(some) == 1), None)


def _called(view: View, service: Service, hypothesis: Hypothesis) -> Iterator[Repair]:
    """A Service with one port that nobody calls, while all its clients agree on another one."""
    called = {each.address.port for each in view.references if (each.namespace, each.service) == (service.namespace, service.name)}
    called -= {0}
    if len(called) == 1 and len(service.ports) == 1 and not service.listens_on(next(iter(called))):
        yield _ported(service, service.ports[0], "port", called.pop(), hypothesis)


def speaking(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """The protocol of the container's port."""
    found = finding.workload(view, hypothesis)
    for service in view.services_of(found) if found else ():
        assert found is not None
        for port in service.ports:
            if protocol_differs(port, found):
                theirs = {word(each, "protocol") or "TCP" for each in found.ports() if _leads_to(port, each)}
                if len(theirs) == 1:
                    yield _ported(service, port, "protocol", theirs.pop(), hypothesis)


def _leads_to(port: Table, declared: Table) -> bool:
    target = dig(port, "targetPort") or dig(port, "port")
    return target in (whole(declared, "containerPort"), word(declared, "name"), word(declared, "containerPort"))


def _ported(service: Service, port: Table, field: str, to: Any, hypothesis: Hypothesis) -> Repair:
    was = dig(port, field)
    change = {
        "port": whole(port, "port"),
        "protocol": word(port, "protocol") or "TCP",
        "field": field,
        "was": was,
        "to": to,
    }
    told = f"is {was}" if was is not None else "is not set"
    summary = f"Let {field} of port {whole(port, 'port')} of Service {service.name} be {to} (it {told})"
    return _repair(service, {"ports": [change]}, summary, hypothesis)


def _repair(service: Service, parameters: dict[str, Any], summary: str, hypothesis: Hypothesis) -> Repair:
    ref = Ref("Service", service.name, service.namespace)
    return Repair("fix_service", ref, parameters, summary, hypothesis.fault, hypothesis.object)


def _same(declared: Table, port: Table) -> bool:
    """Whether two ports are meant to be one: of one name, or of one number."""
    name, number = word(port, "name"), whole(port, "port")
    return (bool(name) and word(declared, "name") == name) or whole(declared, "port") == number


def said(selector: Mapping[str, str]) -> str:
    """A selector as kubectl writes it."""
    return ",".join(f"{key}={value}" for key, value in sorted(selector.items())) or "nothing"
