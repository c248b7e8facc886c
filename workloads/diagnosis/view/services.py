"""Services: what they select, where they lead, and names and addresses as clients write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from workloads.unchecked import Table, labels, rows, whole, word

# host:port, scheme://[user:pass@]host[:port][/path]; hosts as DNS writes them.
_ADDRESS = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]{1,20})://)?(?:[^\s/@]{0,200}@)?(?P<host>[a-z0-9](?:[a-z0-9.-]{0,200}[a-z0-9])?)"
    r"(?::(?P<port>\d{1,5}))?(?P<path>[/?].{0,500})?",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a client says it goes: host, port (0 when it does not say), scheme."""

    host: str
    port: int
    scheme: str


@dataclass(frozen=True)
class Service:
    """One Service."""

    obj: Table

    @cached_property
    def name(self) -> str:
        """Its name."""
        return word(self.obj, "metadata", "name")

    @cached_property
    def namespace(self) -> str:
        """Its namespace."""
        return word(self.obj, "metadata", "namespace")

    @cached_property
    def selector(self) -> dict[str, str]:
        """What its pods must be labelled with."""
        return labels(self.obj, "spec", "selector")

    @property
    def ports(self) -> list[Table]:
        """Its ports."""
        return rows(self.obj, "spec", "ports")

    @property
    def external(self) -> bool:
        """Whether it is only a name for a host elsewhere."""
        return word(self.obj, "spec", "type") == "ExternalName"

    def listens_on(self, port: int) -> bool:
        """Whether a client may use the port. A headless Service leads to any port of its pods."""
        return word(self.obj, "spec", "clusterIP") == "None" or any(whole(each, "port") == port for each in self.ports)


def selects(selector: Mapping[str, str], having: Mapping[str, str]) -> bool:
    """Whether a non-empty selector matches labels (equality, as Services do)."""
    return bool(selector) and all(having.get(key) == value for key, value in selector.items())


def address(text: str) -> Address | None:
    """The address in the value of a variable, None when it is none. One word without port or scheme is not taken for one."""
    match = _ADDRESS.fullmatch(text.strip()[:1000])
    if not match or (match["port"] is None and match["scheme"] is None):
        return None
    host = match["host"].lower()
    if not any(letter.isalpha() for letter in host):
        return None
    return Address(host, int(match["port"] or 0), (match["scheme"] or "").lower())


def in_cluster(host: str, namespace: str) -> tuple[str, str] | None:
    """(namespace, Service) a host names by cluster DNS; None for names that lead outside."""
    parts = host.removesuffix(".").removesuffix(".svc.cluster.local").removesuffix(".svc").split(".")
    if len(parts) == 1 and parts[0] not in ("localhost", ""):
        return namespace, parts[0]
    looks_local = len(parts) == 2 and (".svc" in host or parts[1] == namespace)
    return (parts[1], parts[0]) if looks_local else None
