"""Routes: what leads where. Rests on Ingress, HTTPRoute and VirtualService objects, and on ConfigMaps with routes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from workloads.diagnosis.answers import Hypothesis, Proof, Source
from workloads.diagnosis.rules.making import other, seen, suppose
from workloads.diagnosis.view.cluster import View
from workloads.unchecked import Table, labels, rows, word

LONGEST_CONFIG = 300_000
_URI = re.compile(r"uri:\s*[\"']?(?:lb|https?|grpc|ws)://(?:\$\{(?P<hint>\w{1,100}):)?(?P<host>[\w.-]{1,253})\}?")
_PATH = re.compile(r"Path=(?P<path>[^\s,\"']{1,300})")
_IDENTITY = re.compile(r"-\s+id:\s*[\"']?(?P<id>[\w.-]{1,100})")
_LOCATION = re.compile(r"location\s+(?:[=~^*]+\s+)?(?P<path>/[^\s{]{0,300})\s*\{(?P<body>[^}]{0,2000})\}", re.S)
_PASS = re.compile(r"(?:proxy_pass|grpc_pass)\s+(?:https?|grpc)://(?P<host>[\w.-]{1,253})")
_SPLIT = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Route:
    """One route: where it is written, for which path, what its other words hint at, and the Service it leads to."""

    where: str
    path: str
    hints: tuple[str, ...]
    target: str
    namespace: str


def routes(view: View) -> Iterator[Route]:
    """Every route that objects of the namespaces tell."""
    for kind, reader in (
        ("Ingress", _ingress),
        ("HTTPRoute", _http_route),
        ("VirtualService", _virtual_service),
        ("ConfigMap", _config_map),
    ):
        for obj in view.kind(kind):
            if view.seen(obj):
                yield from reader(obj)


def _ingress(obj: Table) -> Iterator[Route]:
    for rule in rows(obj, "spec", "rules"):
        for path in rows(rule, "http", "paths"):
            target = word(path, "backend", "service", "name") or word(path, "backend", "serviceName")
            yield _route(obj, word(path, "path"), (word(rule, "host").split(".")[0],), target)


def _http_route(obj: Table) -> Iterator[Route]:
    for rule in rows(obj, "spec", "rules"):
        for match in rows(rule, "matches"):
            for target in rows(rule, "backendRefs")[:1]:
                yield _route(obj, word(match, "path", "value"), (), word(target, "name"))


def _virtual_service(obj: Table) -> Iterator[Route]:
    for rule in rows(obj, "spec", "http"):
        for match in rows(rule, "match"):
            path = word(match, "uri", "prefix") or word(match, "uri", "exact")
            for target in rows(rule, "route")[:1]:
                yield _route(obj, path, (word(rule, "name"),), word(target, "destination", "host").split(".")[0])


def _route(obj: Table, path: str, hints: tuple[str, ...], target: str) -> Route:
    where = f"{word(obj, 'kind').lower()}/{word(obj, 'metadata', 'name')}"
    return Route(where, path, tuple(filter(None, hints)), target, word(obj, "metadata", "namespace"))


def _config_map(obj: Table) -> Iterator[Route]:
    """Routes written in configuration: Spring Cloud Gateway's YAML, nginx locations."""
    for text in labels(obj, "data").values():
        if len(text) > LONGEST_CONFIG:
            continue
        for part in re.split(r"(?m)^(?=\s*-\s+id:)", text)[1:] if "uri:" in text else ():
            uri, path, name = _URI.search(part), _PATH.search(part), _IDENTITY.search(part)
            if uri and path:
                hints = (name["id"] if name else "", (uri["hint"] or "").lower())
                yield _route(obj, path["path"], hints, uri["host"].split(".")[0])
        for location in _LOCATION.finditer(text) if "location" in text else ():
            target = _PASS.search(location["body"])
            if target:
                yield _route(obj, location["path"], (), target["host"].split(".")[0])


def misled(view: View) -> Iterator[tuple[Route, str]]:
    """Routes that lead to another Service than they mean, and that one: as their sister routes show, or for want of theirs."""
    for route, meant, _ in _misled(view):
        yield route, meant
    for route, near in _lost(view):
        yield route, near


def _misled(view: View) -> Iterator[tuple[Route, str, int]]:
    common = _common([service.name for service in view.services])
    found = [(route, _meant(view, route, common)) for route in routes(view) if route.target]
    for route, meant in found:
        sisters = [(each, its) for each, its in found if each.where == route.where and each is not route]
        fitting = [each for each, its in sisters if its == each.target]
        missing = not view.service(route.namespace, route.target) and bool(view.services)
        if (not meant or meant == route.target or len(fitting) < max(1, len(sisters) // 2)) and not (missing and meant):
            continue
        if meant != route.target:
            yield route, meant, len(fitting)


def misrouted(view: View) -> Iterator[Hypothesis]:
    """A route leads to one Service while its path, name or variable is the name of another, as its sister routes show."""
    for route, meant, fitting in _misled(view):
        yield _told(view, route, meant, fitting)


def _told(view: View, route: Route, meant: str, fitting: int) -> Hypothesis:
    service = view.service(route.namespace, meant)
    target = next((each for each in view.workloads if service and service in view.services_of(each)), None)
    app = target.app if target else f"app/{meant}"
    return suppose(
        "gateway_misroute",
        app,
        route.namespace,
        0.93 if fitting > 1 or _alerts(view, route, meant) else 0.75,
        f"{route.where} leads {route.path} to {route.target} instead of {meant}.",
        [seen(route.where, f"{route.path} ({', '.join(route.hints)}) -> {route.target}"), *_alerts(view, route, meant)],
        explains=[app],
    )


def _alerts(view: View, route: Route, meant: str) -> list[Proof]:
    base = route.path.rstrip("*/")
    return [
        other(
            Source.ALERT,
            word(alert, "labels", "alertname"),
            f"{word(alert, 'labels', 'path')} {word(alert, 'annotations', 'description')}",
        )
        for alert in view.snapshot.alerts or ()
        if len(base) > 1 and (word(alert, "labels", "path").startswith(base) or word(alert, "labels", "service") == meant)
    ][:2]


def _common(names: list[str]) -> frozenset[str]:
    """Words that so many Service names share that they tell none apart."""
    counted = Counter(part for name in names for part in set(_SPLIT.split(name.lower())))
    return frozenset(part for part, number in counted.items() if number > max(2, len(names) * 0.3)) | {"service", "svc", ""}


def core(text: str, common: frozenset[str]) -> str:
    """A name without its common words and separators."""
    told = [part for part in _SPLIT.split(text.lower()) if part]
    parts = [part for part in told if part not in common and not re.fullmatch(r"v\d{1,2}|api|host|addr|port|url", part)]
    joined = "".join(parts or told)
    return joined.removesuffix("service") or joined


def _meant(view: View, route: Route, common: frozenset[str]) -> str:
    """The one Service whose name the route's words spell, empty when none or several do."""
    names = {service.name: core(service.name, common) for service in view.services if service.namespace == route.namespace}
    for spelling in (route.path.split("/"), route.hints[:1], route.hints[1:]):
        spelled = {core(part, common) for part in spelling}
        fitting = [name for name, short in names.items() if len(short) > 2 and short in spelled]
        if fitting:
            return route.target if route.target in fitting else fitting[0] if len(fitting) == 1 else ""
    return ""


def _lost(view: View) -> Iterator[tuple[Route, str]]:
    """Routes of objects that lead to a Service that does not exist, and the one that nearly has its name."""
    for route in routes(view):
        if route.where.startswith("configmap/") or not route.target or view.service(route.namespace, route.target):
            continue
        from_name = [
            service.name
            for service in view.services
            if service.name.startswith(route.target[:4]) and service.namespace == route.namespace
        ]
        if len(from_name) == 1:
            yield route, from_name[0]


def nowhere(view: View) -> Iterator[Hypothesis]:
    """A route leads to a Service that does not exist, while one with nearly its name does."""
    for route, near in _lost(view):
        target = view.workload(route.namespace, near)
        if target:
            proof = other(Source.OBJECT, route.where, f"{route.path} -> {route.target}: no such Service")
            yield suppose(
                "gateway_misroute",
                target.app,
                route.namespace,
                0.7,
                f"{route.where} leads to a Service that does not exist.",
                [proof],
                explains=[target.app],
            )


RULES = (misrouted, nowhere)
