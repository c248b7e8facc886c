"""How a cluster is reached and with which identity: kubeconfigs here, EKS and service accounts beside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from workloads.adapters.kubernetes import kubeconfigs

# The bearer token now; asked with True after the cluster refused the former one.
Token = Callable[[bool], str]


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the API is and how we prove who we are. Certificates and the key are PEM."""

    server: str
    token: Token | None = field(default=None, repr=False)
    authority: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    server_name: str = ""
    unchecked: bool = False  # the kubeconfig says not to check the server's certificate
    proxy: str = ""


class Reach(Protocol):
    """Stored credentials that can be made into a connection."""

    def connection(self) -> Connection:
        """Nothing is asked of the cluster yet. Raises Invalid for credentials that cannot be used."""


@dataclass(frozen=True, slots=True)
class Access:
    """A kubeconfig as text, and which of its contexts; never shown."""

    kubeconfig: str = field(repr=False)
    context: str = ""

    def connection(self) -> Connection:
        """What the kubeconfig says. Raises Invalid for one that names files or would start a program."""
        told = kubeconfigs.read(self.kubeconfig, self.context)
        return Connection(
            server=told.server,
            token=(lambda _: told.token) if told.token else None,
            authority=told.authority,
            certificate=told.certificate,
            key=told.key,
            server_name=told.server_name,
            unchecked=told.unchecked,
            proxy=told.proxy,
        )
