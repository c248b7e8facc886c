"""How requests come in from outside: an Ingress, or an HTTPRoute of a Gateway."""

from __future__ import annotations

from typing import Any

from workloads.manifests import marks, services
from workloads.manifests.profile import Profile

Json = dict[str, Any]
PORT = 80


def routes(profile: Profile) -> list[Json]:
    """One route, or none where nobody asks for one."""
    kind = profile.options.route.kind or ("ingress" if profile.options.hosts else "none")
    maker = {"ingress": _ingress, "gateway": _http_route}.get(kind)
    return [maker(profile)] if maker else []


def _ingress(profile: Profile) -> Json:
    route, hosts = profile.options.route, list(profile.options.hosts)
    backend = {"service": {"name": services.name(profile), "port": {"name": "http"}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    spec: Json = {"ingressClassName": route.class_name} if route.class_name else {}
    if route.tls_secret or route.issuer:
        spec["tls"] = [{"hosts": hosts, "secretName": route.tls_secret or f"{services.name(profile)}-tls"}]
    spec["rules"] = [{"host": host, "http": {"paths": [dict(path) for path in paths]}} for host in hosts]
    issuer = {"cert-manager.io/cluster-issuer": route.issuer} if route.issuer else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": _metadata(profile, issuer),
        "spec": spec,
    }


def _http_route(profile: Profile) -> Json:
    """While two sets stand side by side, the Gateway divides the requests by weight."""
    route = profile.options.route
    parent: Json = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": route.gateway}
    if route.gateway_namespace:
        parent["namespace"] = route.gateway_namespace
    if route.listener:
        parent["sectionName"] = route.listener
    match = {"path": {"type": "PathPrefix", "value": "/"}}
    spec = {
        "parentRefs": [parent],
        "hostnames": list(profile.options.hosts),
        "rules": [{"matches": [match], "backendRefs": _backends(profile)}],
    }
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": _metadata(profile, {}),
        "spec": spec,
    }


def _backends(profile: Profile) -> list[Json]:
    beside = profile.set != profile.stable
    found = [_backend(services.name(profile), 100 - profile.share if beside else 100)]
    return [*found, _backend(services.preview_name(profile), profile.share)] if beside else found


def _backend(name: str, weight: int) -> Json:
    return {"group": "", "kind": "Service", "name": name, "port": PORT, "weight": weight}


def _metadata(profile: Profile, more: dict[str, str]) -> Json:
    found = marks.metadata(profile, services.name(profile), services.WEB)
    told = {**found.get("annotations", {}), **profile.options.route.annotations, **more}
    return {**found, "annotations": dict(sorted(told.items()))} if told else found
