"""How requests reach it today, as options: Service type, hosts, Ingress."""

from __future__ import annotations

from typing import Any

from workloads.adopting.matching import Matched, backends
from workloads.adopting.running import Json, name_of, title

ISSUER = "cert-manager.io/cluster-issuer"


def options(matched: Matched, application: str, notes: list[str]) -> dict[str, Any]:
    """Service, hosts and route. An Ingress of another name stays foreign and keeps leading to the Service it names."""
    service, found = matched.service, dict[str, Any]()
    if service is not None and service["spec"].get("type") in {"NodePort", "LoadBalancer"} and name_of(service) == application:
        found["service"] = {"type": service["spec"]["type"], **_node_port(service)}
    hosts = list(dict.fromkeys(host for one in matched.ingresses for host in _hosts(one)))
    if hosts:
        found["hosts"] = hosts
    own = own_ingress(matched, application)
    found["route"] = _route(own) if own is not None else {"kind": "none"}
    for one in matched.ingresses:
        if one is not own:
            notes.append(f"{title(one)} stays as it is and leads to Service {', '.join(sorted(backends(one)))}.")
    return found


def own_ingress(matched: Matched, application: str) -> Json | None:
    """The one that ours of the same name takes over: of hosts, and saying no more than ours can."""
    found = (one for one in matched.ingresses if name_of(one) == application and _hosts(one) and _simple(one))
    return next(found, None)


def taken_over(matched: Matched, application: str) -> tuple[str, ...]:
    """The objects that our own of the same name takes over."""
    service = [matched.service] if matched.service and name_of(matched.service) == application else []
    own = own_ingress(matched, application)
    return tuple(title(one) for one in [*service, *([own] if own else [])])


def _node_port(service: Json) -> dict[str, int]:
    ports = [int(one["nodePort"]) for one in service["spec"].get("ports") or [] if one.get("nodePort")]
    return {"node_port": ports[0]} if ports else {}


def _hosts(ingress: Json) -> list[str]:
    return [str(rule["host"]) for rule in ingress["spec"].get("rules") or [] if rule.get("host")]


def _simple(ingress: Json) -> bool:
    """Whether all of it leads to one Service, at every path: then ours says the same."""
    paths = [path for rule in ingress["spec"].get("rules") or [] for path in (rule.get("http") or {}).get("paths") or []]
    return len(backends(ingress)) == 1 and all(path.get("path", "/") == "/" for path in paths)


def _route(ingress: Json) -> dict[str, Any]:
    notes = dict(ingress["metadata"].get("annotations") or {})
    issuer = notes.pop(ISSUER, "")
    kept = {name: value for name, value in notes.items() if not name.startswith(("kubectl.kubernetes.io/", "timonel.dev/"))}
    tls = next((str(one["secretName"]) for one in ingress["spec"].get("tls") or [] if one.get("secretName")), "")
    wanted = {
        "class_name": ingress["spec"].get("ingressClassName", ""),
        "tls_secret": tls,
        "issuer": issuer,
        "annotations": kept,
    }
    return {"kind": "ingress", **{name: value for name, value in wanted.items() if value}}
