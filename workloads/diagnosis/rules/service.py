"""Services: the way from a client to a pod. Rests on selectors, ports and DNS as Kubernetes defines them; checks only confirm."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from workloads.diagnosis.answers import Hypothesis, Proof, Source
from workloads.diagnosis.rules.making import logged, other, seen, suppose
from workloads.diagnosis.view.calls import Reference
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.logs import Signature
from workloads.diagnosis.view.services import Service, selects
from workloads.diagnosis.view.workloads import Workload
from workloads.unchecked import Table, dig, labels, rows, whole, word

_UNNAMED = Signature(
    re.compile(r"(?:Temporary failure in name resolution|Name or service not known|nodename nor servname provided)[^'\"]{0,40}$"),
    ("name resolution", "service not known", "nodename nor"),
)


def workload_of(view: View, service: Service) -> Workload | None:
    """The workload a Service is meant for when it selects none: of its name, declared for it, or with nearly its labels."""
    lasting = [
        each
        for each in view.workloads
        if each.namespace == service.namespace and each.kind in ("Deployment", "StatefulSet", "DaemonSet")
    ]
    by_name = next((each for each in lasting if each.name == service.name), None)
    if by_name:
        return by_name
    declared = view.declared.get(("Service", service.namespace, service.name))
    meant = labels(declared, "spec", "selector") if declared else {}
    chosen = next((each for each in lasting if selects(meant, each.labels)), None)
    return chosen or max(
        (each for each in lasting if _likeness(service.selector, each.labels) >= 0.5 and not view.services_of(each)),
        key=lambda each: _likeness(service.selector, each.labels),
        default=None,
    )


def _likeness(selector: dict[str, str], having: dict[str, str]) -> float:
    """How much of a selector labels meet, a little for nearly the same value."""
    shares = [1.0 if having.get(key) == value else _near(value, list(having.values())) for key, value in selector.items()]
    return sum(shares) / len(shares) if shares else 0.0


def _near(value: str, others: list[str]) -> float:
    return 0.8 if any(alike(value, each) for each in others) else 0.0


def alike(first: str, second: str) -> bool:
    """Whether two names are nearly the same: a slip of the pen, not another name."""
    if not first or not second or abs(len(first) - len(second)) > 12:
        return False
    return (
        SequenceMatcher(None, first[:80], second[:80]).ratio() >= 0.85
        or first.startswith(f"{second}-")
        or second.startswith(f"{first}-")
    )


def unselecting(view: View) -> Iterator[tuple[Service, Workload]]:
    """Services that select no pod that their workload makes, though it has pods; and that workload."""
    for service in view.services:
        if (
            not service.selector
            or service.external
            or any(selects(service.selector, each.labels) for each in view.workloads if each.name == service.name)
        ):
            continue
        target = workload_of(view, service)
        if not target or not target.pods or selects(service.selector, target.labels):
            continue
        if view.pods_of(service) and (target.name != service.name or view.services_of(target)):
            continue
        yield service, target


def selectors(view: View) -> Iterator[Hypothesis]:
    """A Service selects no pod that its workload makes, though the workload has pods."""
    for service, target in unselecting(view):
        selected = view.pods_of(service)
        meant = labels(view.declared.get(("Service", service.namespace, service.name), {}), "spec", "selector")
        declared = meant != service.selector and selects(meant, target.labels)
        wanted = declared or target.name == service.name or any(each.service == service.name for each in view.references)
        yield suppose(
            "service_selector_mismatch",
            target.app,
            target.namespace,
            0.96 if wanted and not selected else 0.7 if wanted or selected else 0.4,
            f"The Service {service.name} selects no pod of {target.name}.",
            [
                seen(f"service/{service.name}", f"selector {service.selector}"),
                seen(target.path, f"pods are labelled {target.labels}"),
                *([other(Source.DECLARED, f"service/{service.name}", f"declared with selector {meant}")] if declared else []),
                *_checks(view, service),
            ],
            explains=[target.app],
        )


def _checks(view: View, service: Service, ok: bool = False) -> list[Proof]:
    """Active checks of the Service with that result (convention: probes.json)."""
    return [
        other(
            Source.PROBE,
            f"service/{service.name}",
            word(each, "text") or f"port {word(each, 'port')}: {'open' if ok else 'no connection'}",
        )
        for each in view.probe("serviceConnectivity")
        if word(each, "service") == service.name and word(each, "namespace") in ("", service.namespace) and dig(each, "ok") is ok
    ][:1]


def misled(service: Service, workload: Workload) -> Iterator[tuple[Table, str]]:
    """Ports of a Service that lead to nothing its pods declare, and why."""
    numbers = {whole(port, "containerPort") for port in workload.ports()}
    names = {word(port, "name") for port in workload.ports()}
    for port in service.ports:
        target = dig(port, "targetPort")
        if isinstance(target, str) and not target.isdigit():
            if target not in names:
                yield (
                    port,
                    f"targetPort {target}: no container port has that name (there are {', '.join(sorted(filter(None, names)))})",
                )
        elif numbers:
            number = whole(port, "targetPort") or whole(port, "port")
            if number not in numbers | _asked(workload):
                yield port, f"targetPort {number}: containers declare {sorted(numbers)}"


def _asked(workload: Workload) -> set[int]:
    """Ports that the probes ask and the program is told to use, and those of declared listeners in arguments."""
    from_probes = {
        whole(dig(each.spec, probe, kind), "port")
        for each in workload.containers
        for probe in ("readinessProbe", "livenessProbe", "startupProbe")
        for kind in ("httpGet", "tcpSocket", "grpc")
    }
    return from_probes | {whole({"port": value}, "port") for name, value in workload.env().items() if name == "PORT"} - {0}


def target_ports(view: View) -> Iterator[Hypothesis]:
    """A targetPort is none of the ports that the selected containers declare, are probed at or are told to use."""
    for service in view.services:
        for workload in view.workloads:
            if workload.namespace != service.namespace or not selects(service.selector, workload.labels):
                continue
            for port, why in list(misled(service, workload))[:1]:
                failed, passed = _checks(view, service), _checks(view, service, ok=True)
                named = "no container port has that name" in why
                used = any(each.service == service.name for each in view.references) or service.name == workload.name
                yield suppose(
                    "service_port_mapping_mismatch",
                    workload.app,
                    workload.namespace,
                    (0.95 if named else 0.94 if failed else 0.8) if used or failed else 0.5,
                    f"The Service {service.name} leads to a port that {workload.name} does not listen on.",
                    [seen(f"service/{service.name}", f"port {word(port, 'port')}: {why}"), *failed],
                    explains=[workload.app],
                    contradictions=["A connection through the Service succeeds."]
                    if passed and not named and len(service.ports) == 1
                    else [],
                )


def protocols(view: View) -> Iterator[Hypothesis]:
    """A Service port uses another transport protocol than the container port it leads to."""
    for service in view.services:
        for workload in view.workloads:
            if workload.namespace != service.namespace or not selects(service.selector, workload.labels):
                continue
            for port in service.ports:
                wrong = protocol_differs(port, workload)
                if wrong:
                    yield suppose(
                        "service_protocol_mismatch",
                        workload.app,
                        workload.namespace,
                        0.93,
                        f"The Service {service.name} uses another protocol than {workload.name}.",
                        [seen(f"service/{service.name}", wrong), *_checks(view, service)],
                        explains=[workload.app],
                    )


def protocol_differs(port: Table, workload: Workload) -> str:
    """How the transport protocol of a Service's port differs from that of the container's port; empty where it does not."""
    target, mine = dig(port, "targetPort") or dig(port, "port"), word(port, "protocol") or "TCP"
    met = [
        each
        for each in workload.ports()
        if target in (whole(each, "containerPort"), word(each, "name"), word(each, "containerPort"))
    ]
    theirs = {word(each, "protocol") or "TCP" for each in met}
    return (
        f"port {word(port, 'port')} is {mine}, the container's is {', '.join(sorted(theirs))}" if met and mine not in theirs else ""
    )


def addresses(view: View) -> Iterator[Hypothesis]:
    """A client's variable names a Service, or a port, that does not exist; that alone is no proof: its log must miss it."""
    for each in view.references:
        service = view.service(each.namespace, each.service)
        known = each.namespace in view.namespaces
        if service is None and known:
            yield from _no_service(view, each)
        elif service and each.address.port and not service.external and not service.listens_on(each.address.port):
            yield from _no_port(view, each, service)


def _no_service(view: View, each: Reference) -> Iterator[Hypothesis]:
    near = [service.name for service in view.services if alike(service.name, each.service)]
    lines = _misses(view, each.client, each.service) or _misses_somebody(view, each.client)
    if each.alone and not lines and not each.port_variable:
        return  # a word that may mean anything
    absent_app = view.workload(each.namespace, each.service)
    sharing = {other_.client.name for other_ in view.references if other_.service == each.service}
    changed = _declared_otherwise(view, each)
    if absent_app is not None or len(sharing) > 1 or ("Service", each.namespace, each.service) in view.declared:
        if lines or absent_app:
            target = absent_app.app if absent_app else each.client.app
            proof = seen(each.client.path, f"{each.variable}={each.value}; there is no Service {each.service}")
            yield suppose(
                "service_missing",
                target,
                each.namespace,
                0.72 if lines else 0.5,
                f"The Service {each.service} is missing.",
                [proof, *lines],
                explains=[each.client.app],
            )
        return
    confidence = 0.3 + 0.4 * bool(lines) + 0.25 * bool(near) + 0.3 * bool(changed) + 0.1 * each.client.troubled
    proofs = [
        seen(
            each.client.path,
            f"{each.variable}={each.value}; there is no Service {each.service}{' (there is ' + near[0] + ')' if near else ''}",
        )
    ]
    yield suppose(
        "service_env_var_address_mismatch",
        each.client.app,
        each.client.namespace,
        min(confidence, 0.96),
        f"{each.client.name} is told to call {each.service}, which does not exist.",
        [*proofs, *lines, *changed],
        explains=[each.client.app],
    )


def _no_port(view: View, each: Reference, service: Service) -> Iterator[Hypothesis]:
    ports = sorted(whole(port, "port") for port in service.ports)
    agreeing = {
        other_.client.name
        for other_ in view.references
        if other_.service == each.service and other_.address.port == each.address.port
    }
    target = next(
        (one for one in view.workloads if one.namespace == service.namespace and selects(service.selector, one.labels)), None
    )
    told = f"{each.port_variable}={each.address.port}" if each.port_variable else f"{each.variable}={each.value}"
    proofs = [seen(each.client.path, f"{told}; the Service {service.name} has the ports {ports}")]
    declared = view.declared.get(("Service", service.namespace, service.name))
    was = declared is not None and Service(declared).listens_on(each.address.port)
    if (len(agreeing) > 1 or was) and target:
        yield suppose(
            "service_port_mapping_mismatch",
            target.app,
            target.namespace,
            0.9,
            f"The Service {service.name} lacks the port that its clients use.",
            proofs,
            explains=[target.app],
        )
        return
    lines = _misses(view, each.client, each.service)
    yield suppose(
        "service_env_var_address_mismatch",
        each.client.app,
        each.client.namespace,
        0.95 if lines or each.client.troubled else 0.8,
        f"{each.client.name} is told to call a port that {service.name} does not have.",
        [*proofs, *lines],
        explains=[each.client.app],
    )


def _misses(view: View, client: Workload, host: str) -> list[Proof]:
    """Current lines of the client's log that miss the host."""
    named = Signature(re.compile(rf"(?<![\w.-]){re.escape(host)}(?![\w-])", re.I), (host.lower(),))
    bad = re.compile(
        r"no such host|unable ?to ?connect|not known|resolution|unavailable|refused|unknownhost"
        r"|timed? ?out|deadline|ENOTFOUND|no route",
        re.I,
    )
    found = []
    for log in view.logs_of(client):
        for line in log.matching(named, most=5):
            if bad.search(line.text) and (client.troubled or line.within(300)):
                found.append(logged(line))
                break
    return found[:2]


def _misses_somebody(view: View, client: Workload) -> list[Proof]:
    """A current line of the client's log that misses a host without naming it, as the C library's own words are."""
    missing = {each.service for each in view.references if each.client is client and not view.service(each.namespace, each.service)}
    if len(missing) != 1:
        return []
    for log in view.logs_of(client):
        for line in log.matching(_UNNAMED, most=5):
            if client.troubled or line.within(300):
                return [logged(line)]
    return []


def _declared_otherwise(view: View, each: Reference) -> list[Proof]:
    declared = view.declared.get((each.client.kind, each.client.namespace, each.client.name))
    for container in rows(declared, "spec", "template", "spec", "containers"):
        for variable in rows(container, "env"):
            if word(variable, "name") == each.variable and word(variable, "value") not in ("", each.value):
                return [other(Source.DECLARED, each.client.path, f"declared with {each.variable}={word(variable, 'value')}")]
    return []


RULES = (selectors, target_ports, protocols, addresses)
