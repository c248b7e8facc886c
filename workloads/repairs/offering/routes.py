"""Offers for routes: to the Service that a route means, where it is written: in its object, or in the text of a ConfigMap."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.rules.routes import Route, misled
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.services import Service
from workloads.repairs.offering.variables import mark, places, readers
from workloads.repairs.values import Ref, Repair
from workloads.unchecked import Table, labels, rows, table, whole, word

_KINDS = {"ingress": "Ingress", "httproute": "HTTPRoute", "virtualservice": "VirtualService", "configmap": "ConfigMap"}


def routed(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """Each route that leads to another Service than it means, led to that one."""
    for route, meant in misled(view):
        service = view.service(route.namespace, meant)
        about = hypothesis.object.removeprefix("app/")
        owners = {each.name for each in view.workloads if service and service in view.services_of(each)} | {meant}
        if service is None or about not in owners or route.namespace != hypothesis.namespace:
            continue
        kind, _, name = route.where.partition("/")
        obj = view.named(_KINDS.get(kind, ""), route.namespace, name)
        ref = Ref(_KINDS.get(kind, ""), name, route.namespace)
        summary = f"Lead {route.path} of {route.where} to {meant} (it leads to {route.target})"
        if ref.kind == "ConfigMap":
            for parameters in _passages(view, obj, route, service):
                yield Repair("patch_configuration", ref, parameters, summary, hypothesis.fault, hypothesis.object)
        elif edits := list(_edits(obj, ref.kind, route, service)):
            parameters = {"service": meant, "edits": edits}
            yield Repair("patch_route", ref, parameters, summary, hypothesis.fault, hypothesis.object)


def _edits(obj: Table, kind: str, route: Route, service: Service) -> Iterator[dict[str, Any]]:
    """The name of each backend of the route that leads wrong, and its port where the other Service has not that one."""
    for path, backend, names in _backends(obj, kind, route.path):
        key = next((name for name in names if word(backend, name).split(".")[0] == route.target), "")
        if not key:
            continue
        was = word(backend, key)
        yield {"path": [*path, key], "was": was, "to": service.name + was[len(route.target) :]}
        yield from _ported(path, backend, service)


def _ported(path: list[Any], backend: Table, service: Service) -> Iterator[dict[str, Any]]:
    """The port of a backend, where the Service has none of that number or name and has only one."""
    inner: list[Any] = ["port", "number"] if isinstance(backend.get("port"), dict) else ["port"]
    given = backend.get("port", backend.get("servicePort"))
    number = given.get("number") if isinstance(given, dict) else given
    inner = ["servicePort"] if "servicePort" in backend else inner
    names = {word(each, "name") for each in service.ports} | {word(each, "port") for each in service.ports}
    if number is not None and str(number) not in names and len(service.ports) == 1:
        yield {"path": [*path, *inner], "was": number, "to": whole(service.ports[0], "port")}


Backend = tuple[list[Any], Table, tuple[str, ...]]


def _backends(obj: Table, kind: str, told: str) -> Iterator[Backend]:
    """Where backends of a path lie, the backends, and what their name is called."""
    for at, rule in enumerate(rows(obj, "spec", "http" if kind == "VirtualService" else "rules")):
        if kind == "Ingress":
            yield from _of_ingress(rule, ["spec", "rules", at, "http", "paths"], told)
        elif kind == "HTTPRoute" and told in {word(match, "path", "value") for match in rows(rule, "matches")}:
            for place, backend in enumerate(rows(rule, "backendRefs")):
                yield ["spec", "rules", at, "backendRefs", place], backend, ("name",)
        elif kind == "VirtualService" and told in _uris(rule):
            for place, target in enumerate(rows(rule, "route")):
                yield ["spec", "http", at, "route", place, "destination"], table(target, "destination"), ("host",)


def _of_ingress(rule: Table, where: list[Any], told: str) -> Iterator[Backend]:
    for place, path in enumerate(rows(rule, "http", "paths")):
        if word(path, "path") == told:
            backend = table(path, "backend")
            inner = table(backend, "service")
            yield (
                ([*where, place, "backend", "service"], inner, ("name",))
                if inner
                else (
                    [*where, place, "backend"],
                    backend,
                    ("serviceName",),
                )
            )


def _uris(rule: Table) -> set[str]:
    return {word(match, "uri", each) for match in rows(rule, "match") for each in ("prefix", "exact")}


def _passages(view: View, obj: Table, route: Route, service: Service) -> Iterator[dict[str, Any]]:
    """The passage of the text that holds the route: from its Service's name to its path, as much of it as stands there once."""
    for key, text in labels(obj, "data").items():
        for passage in _holding(text, route):
            to = _renamed(passage, route.target, service)
            if _overruled(view, passage, route.namespace, word(obj, "metadata", "name")):
                continue
            if to != passage and text.count(passage) == 1:
                restarted = readers(view, word(obj, "metadata", "name"), route.namespace)
                told = {"service": service.name, "readers": restarted, "at": mark(view)}
                yield {"key": key, "was": passage, "to": to, **told}
                return


def _overruled(view: View, passage: str, namespace: str, config_map: str) -> bool:
    """Whether a variable that stands before the name has a value where the text is read: then that counts, not the text."""
    names = set(re.findall(r"\$\{(\w{1,100}):", passage))
    told = (reader.partition("/")[2] for reader in readers(view, config_map, namespace))
    found = (each for name in told if (each := view.workload(namespace, name)) is not None)
    return any(place.variable in names for each in found for place in places(view, each))


def _holding(text: str, route: Route) -> Iterator[str]:
    """Passages with both the path and the target: a route of Spring's gateway, a location of nginx."""
    target, path = re.escape(route.target), re.escape(route.path)
    for part in re.split(r"(?m)^(?=\s*-\s+id:)", text)[1:]:
        match = re.search(rf"uri:[^\n]{{0,200}}\b{target}\b.{{0,600}}?Path={path}(?![\w/*])", part, re.S)
        if match:
            before = part[: match.end()]
            yield before.strip("\n ") if len(before) < 1500 else match[0]
    for match in re.finditer(rf"location\s+(?:[=~^*]+\s+)?{path}\s*\{{[^}}]{{0,2000}}?\b{target}\b", text, re.S):
        yield match[0]


def _renamed(passage: str, target: str, service: Service) -> str:
    """The passage with the other Service in its address, and that one's port where it names a port that this has not."""

    def named(match: re.Match[str]) -> str:
        port = match["port"]
        fits = not port or service.listens_on(int(port)) or len(service.ports) != 1
        told = f":{port}" if port and fits else f":{whole(service.ports[0], 'port')}" if port else ""
        return f"{match['scheme']}{service.name}{match['rest']}{told}"

    pattern = rf"(?P<scheme>(?:lb|https?|grpc|ws)://(?:\$\{{\w{{1,100}}:)?){re.escape(target)}(?![\w-])(?P<rest>[\w.-]{{0,200}}\}}?)(?::(?P<port>\d{{1,5}}))?"
    return re.sub(pattern, named, passage)
