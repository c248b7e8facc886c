"""NetworkPolicies: nothing is allowed, but for what is needed."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from workloads.manifests import marks, names
from workloads.manifests.choices import Choice
from workloads.manifests.profile import Peer, Profile

Json = dict[str, Any]
SPACE = "kubernetes.io/metadata.name"
ANYWHERE = ("0.0.0.0/0", "::/0")
LOCAL_DNS = "169.254.20.10/32"  # the node's own cache of names, where there is one
METADATA = {"0.0.0.0/0": ["169.254.0.0/16"], "::/0": ["fe80::/10", "fd00:ec2::254/128"]}  # where clouds hand out credentials
HTTPS = 443
API_SERVER = 6443  # where a cluster's API is behind its Service


def policies(profile: Profile, found: Iterable[Choice]) -> list[Json]:
    """Deny everything to and from the application's pods, then allow what they need; none where that is switched off."""
    if not profile.options.network.enabled:
        return []
    pods = marks.instance(profile)
    made = [
        _policy(profile, "default-deny", pods, {"policyTypes": ["Ingress", "Egress"]}),
        _policy(profile, "allow-outgoing", pods, {"policyTypes": ["Egress"], "egress": _egress(profile)}),
    ]
    for choice in found:
        if choice.web:
            component = marks.component(choice.process.name)
            rules = {"policyTypes": ["Ingress"], "ingress": [_ingress(profile)]}
            made.append(_policy(profile, f"allow-to-{component}", marks.selector(profile, component), rules))
    return made


def _policy(profile: Profile, name: str, pods: dict[str, str], rules: Json) -> Json:
    metadata = marks.metadata(profile, names.joined(marks.prefix(profile), name, limit=names.LABEL))
    spec = {"podSelector": {"matchLabels": pods}, **rules}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def _ingress(profile: Profile) -> Json:
    """Whoever may ask the web process: everybody at its one port, or the named namespaces, and Prometheus."""
    chosen = profile.options.network
    ports = {"ports": [{"port": "http", "protocol": "TCP"}]}
    if not chosen.sources:
        return ports
    monitoring = [chosen.monitoring] if profile.options.monitoring.enabled and chosen.monitoring else []
    spaces = sorted({*chosen.sources, *monitoring})
    return {"from": [_namespace(space) for space in spaces], **ports}


def _egress(profile: Profile) -> list[Json]:
    chosen = profile.options.network
    found = [_dns()]
    for peer in sorted(profile.peers, key=lambda peer: (peer.port, peer.host)):
        rule = {"to": _to(profile, peer), "ports": [_port(peer.port)]}
        if rule not in found:
            found.append(rule)
    if profile.options.account.rights:
        found.append({"to": [_namespace_any(), *_anywhere()], "ports": [_port(HTTPS), _port(API_SERVER)]})
    for one in chosen.egress:
        found.append({"to": [{"ipBlock": {"cidr": one.cidr}}], "ports": [_port(one.port)]})
    if chosen.internet:
        found.append({"to": _anywhere(), "ports": [_port(HTTPS)]})
    return found


def _dns() -> Json:
    pods = {**_namespace("kube-system"), "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}
    ports = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
    return {"to": [pods, _block(LOCAL_DNS)], "ports": ports}


def _to(profile: Profile, peer: Peer) -> list[Json]:
    """Where a host may be: an address is one; a Service's name is its namespace; any other name, or none, may be anywhere."""
    if not peer.host:
        return [_namespace_any(), *_anywhere()]
    try:
        address = ipaddress.ip_address(peer.host)
        return [_block(f"{address}/{address.max_prefixlen}")]
    except ValueError:
        pass
    parts = peer.host.rstrip(".").split(".")
    if len(parts) == 1:
        return [{"podSelector": {}}]
    if len(parts) >= 3 and parts[2] == "svc":
        return [_namespace(parts[1])]
    return [_namespace(parts[1]), *_anywhere()] if len(parts) == 2 else _anywhere()


def _namespace(name: str) -> Json:
    return {"namespaceSelector": {"matchLabels": {SPACE: name}}}


def _namespace_any() -> Json:
    """Every pod of the cluster: no address range is sure to mean them."""
    return {"namespaceSelector": {}}


def _anywhere() -> list[Json]:
    return [_block(cidr, METADATA[cidr]) for cidr in ANYWHERE]


def _block(cidr: str, but: list[str] | None = None) -> Json:
    return {"ipBlock": {"cidr": cidr, **({"except": list(but)} if but else {})}}


def _port(port: int) -> Json:
    return {"port": port, "protocol": "TCP"}
