"""Routes: Ingresses and HTTPRoutes, where the world finds them, and the services they lead to, also those that are not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workloads.topology.picture import Backend, Route, Rule
from workloads.topology.reading import Json, named, ours
from workloads.unchecked import EMPTY, rows, table, word, words


def ingress(item: Json, services: Mapping[str, Json]) -> Route:
    """An Ingress."""
    secured = {host for one in rows(item, "spec", "tls") for host in words(one, "hosts")}
    rules = tuple(_of_ingress(item, services))
    hosts = dict.fromkeys(rule.host for rule in rules if rule.host)
    addresses = tuple(f"http{'s' if host in secured else ''}://{host}/" for host in hosts if "*" not in host)
    return Route("Ingress", named(item), ours(item), addresses, rules, "" if rules else "no rule")


def http_route(item: Json, services: Mapping[str, Json]) -> Route:
    """An HTTPRoute. That no Gateway takes it is told by its own status."""
    hosts = words(item, "spec", "hostnames")
    rules = tuple(rule for one in rows(item, "spec", "rules") for rule in _of_gateway(one, hosts, services))
    addresses = tuple(f"https://{host}/" for host in hosts if "*" not in host)
    return Route("HTTPRoute", named(item), ours(item), addresses, rules, _refused(item) or ("" if rules else "no rule"))


def _of_ingress(item: Json, services: Mapping[str, Json]) -> Iterator[Rule]:
    for rule in rows(item, "spec", "rules"):
        for path in rows(rule, "http", "paths"):
            backend = _backend(table(path, "backend", "service"), services, None)
            yield Rule(word(rule, "host"), word(path, "path") or "/", (backend,))
    if default := table(item, "spec", "defaultBackend", "service"):
        yield Rule("", "/", (_backend(default, services, None),))


def _of_gateway(rule: Json, hosts: list[str], services: Mapping[str, Json]) -> Iterator[Rule]:
    matches = rows(rule, "matches") or (EMPTY,)
    backends = [one for one in rows(rule, "backendRefs") if word(one, "kind") in {"", "Service"}]
    weights = [int(one.get("weight", 1)) for one in backends]
    whole = sum(weights)
    found = tuple(
        _backend({"name": one.get("name"), "port": {"number": one.get("port")}}, services, 100 * weight / whole if whole else 0.0)
        for one, weight in zip(backends, weights, strict=True)
    )
    for match in matches:
        yield Rule(", ".join(hosts), word(match, "path", "value") or "/", found)


def _backend(told: Json, services: Mapping[str, Json], percent: float | None) -> Backend:
    name, port = word(told, "name"), table(told, "port")
    wanted = word(port, "name") or word(port, "number")
    service = services.get(name)
    if service is None:
        return Backend(name, wanted, percent, "there is no such service")
    offered = {word(one, key) for one in rows(service, "spec", "ports") for key in ("name", "port")}
    return Backend(name, wanted, percent, "" if not wanted or wanted in offered else f"it has no port {wanted}")


def _refused(item: Json) -> str:
    """What a Gateway says against the route."""
    for parent in rows(item, "status", "parents"):
        for one in rows(parent, "conditions"):
            if one.get("type") in {"Accepted", "ResolvedRefs"} and one.get("status") == "False":
                return word(one, "reason") or "not accepted"
    return ""
