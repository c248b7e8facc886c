"""Gateway API: classes, gateways and routes that were not accepted or lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.diagnosis.findings.stating import HIGH, MEDIUM, fact
from workloads.diagnosis.view.cluster import View
from workloads.evidence import Fact
from workloads.unchecked import Table, rows, whole, word


def findings(view: View) -> Iterator[Fact]:
    """GatewayClasses, Gateways, HTTPRoutes."""
    for obj in view.kind("GatewayClass"):
        yield from _refused(obj, "gateway_class_refused", "Accepted", rows(obj, "status", "conditions"))
    for obj in view.kind("Gateway"):
        if not view.seen(obj):
            continue
        name = word(obj, "spec", "gatewayClassName")
        if name and not view.named("GatewayClass", "", name) and view.kind("GatewayClass"):
            yield fact("gateway_class_missing", HIGH, obj, f"names the class {name}, which does not exist")
        yield from _refused(obj, "gateway_refused", "Accepted", rows(obj, "status", "conditions"))
    for obj in view.kind("HTTPRoute"):
        if view.seen(obj):
            yield from _route(view, obj)


def _route(view: View, obj: Table) -> Iterator[Fact]:
    namespace = word(obj, "metadata", "namespace")
    for parent in rows(obj, "spec", "parentRefs"):
        place = word(parent, "namespace") or namespace
        if (
            word(parent, "kind") in ("", "Gateway")
            and not view.named("Gateway", place, word(parent, "name"))
            and view.kind("Gateway")
        ):
            yield fact(
                "route_gateway_missing", HIGH, obj, f"belongs to the Gateway {place}/{word(parent, 'name')}, which does not exist"
            )
    yield from _targets(view, obj, namespace)
    for parent in rows(obj, "status", "parents"):
        yield from _refused(obj, "route_refused", "Accepted", rows(parent, "conditions"))


def _targets(view: View, obj: Table, namespace: str) -> Iterator[Fact]:
    for rule in rows(obj, "spec", "rules"):
        for target in rows(rule, "backendRefs"):
            place = word(target, "namespace") or namespace
            service = view.service(place, word(target, "name"))
            if word(target, "kind") not in ("", "Service") or place not in view.namespaces:
                continue
            if service is None:
                yield fact(
                    "route_service_missing", HIGH, obj, f"leads to the Service {place}/{word(target, 'name')}, which does not exist"
                )
            elif whole(target, "port") and not service.listens_on(whole(target, "port")):
                yield fact(
                    "route_port_missing", HIGH, obj, f"leads to port {word(target, 'port')}, which {service.name} does not have"
                )


def _refused(obj: Table, rule: str, kind: str, conditions: list[Table]) -> Iterator[Fact]:
    for each in conditions:
        if word(each, "type") == kind and word(each, "status") == "False":
            yield fact(rule, MEDIUM, obj, f"not accepted: {word(each, 'reason')} {word(each, 'message')}")
