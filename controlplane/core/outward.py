"""Asking addresses that people typed in: guarded, so that nobody makes Timonel knock where only Timonel may.

An address is resolved here, every answer is judged, and the connection goes to exactly what was judged: a name that
changes its mind between look and knock gains nothing. Redirects are answers, not orders, and proxies of the
environment are not used. `private` is a decision of an administrator for one receiver on their own network; what is
never anybody's receiver (link-local with its metadata services, unspecified, multicast) stays refused.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import certifi
import httpcore
import httpx

from controlplane.core.errors import Invalid

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAME = re.compile(r"(?=.{1,253}\Z)(?!.*\.\d+\.?\Z)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*\.?\Z", re.I)
LONGEST = 2_000  # characters
# Networks that carry another address inside: it is judged as well.
NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Metadata services that look public or private by their number.
NEVER = [ipaddress.ip_network(net) for net in ("100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "fd00:ec2::/32")]
CURE = "Give an https:// address that the public can reach, or have an administrator mark the receiver as private."


def check(address: str, *, private: bool = False) -> None:
    """Raise Invalid unless this address may be asked, as far as its form tells; names are judged again when they are asked."""
    host = _host_of(address)
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        if not NAME.match(host):
            raise Invalid("The host of this address is neither a name nor an address in its usual form.", cure=CURE) from None
        if _local(host) and not private:
            raise Invalid(f"The name {host} is of this machine or network.", cure=CURE) from None
        return
    _judge(host, [literal], private=private)


def client(*, timeout: float, private: bool = False) -> httpx.Client:
    """A client whose every connection is judged; `timeout` in seconds for each of connecting, reading, writing."""
    transport = httpx.HTTPTransport(verify=_trusted(), trust_env=False)
    # httpx offers no other place for a network backend; a test sees to it that this one is really used.
    transport._pool._network_backend = _Guarded(private=private)
    return _Client(private, transport=transport, timeout=timeout, follow_redirects=False, trust_env=False)


class _Client(httpx.Client):
    """Judges an address as it was given, and again as it will be asked: parsers may read it differently."""

    def __init__(self, private: bool, **rest: Any) -> None:
        self._private = private
        super().__init__(**rest)

    def build_request(self, method: str, url: httpx.URL | str, **rest: Any) -> httpx.Request:
        """The request, of an address that may be asked."""
        check(str(url), private=self._private)
        return super().build_request(method, url, **rest)

    def send(self, request: httpx.Request, **rest: Any) -> httpx.Response:
        """The answer, of an address that may be asked."""
        check(str(request.url), private=self._private)
        return super().send(request, **rest)


class _Guarded(httpcore.NetworkBackend):
    """Resolves, judges every answer, connects to the first that was judged."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._below = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the address that was judged, never to the name."""
        found = resolve(host, port)
        _judge(host, found, private=self._private)
        refused: httpcore.ConnectError | None = None
        for address in found:
            try:
                return self._below.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except httpcore.ConnectError as error:
                refused = error
        raise refused or httpcore.ConnectError(f"{host} has no address")

    def connect_unix_socket(self, path: str, timeout: float | None = None, socket_options: Any = None) -> httpcore.NetworkStream:
        """Never."""
        raise Invalid("A socket of this machine is no receiver.", cure=CURE)

    def sleep(self, seconds: float) -> None:
        """As below."""
        self._below.sleep(seconds)


def resolve(host: str, port: int) -> list[Address]:
    """Every address of the name, in the resolver's order."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} does not resolve: {error}") from error
    return list(dict.fromkeys(ipaddress.ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found))


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates of this machine (a company's own among them, or those of SSL_CERT_FILE) and the usual ones."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _host_of(address: str) -> str:
    """The host, of an address in a form that everybody reads alike."""
    if len(address) > LONGEST or not address.isascii() or not address.isprintable() or re.search(r"[\s\\<>\"{}|^`]", address):
        raise Invalid("This is no address: it is too long or holds characters that none may hold.", cure=CURE)
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Invalid("This is no address.", cure=CURE) from error
    if parts.scheme not in ("https", "http") or not host:
        raise Invalid("Only http:// and https:// addresses with a host are asked.", cure=CURE)
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise Invalid("An address with a user's name in it is not asked.", cure="Give the key in the field for it.")
    if port == 0 or "%" in host or parts.netloc.endswith(":"):
        raise Invalid("The host or port of this address is not in its usual form.", cure=CURE)
    return host


def _judge(host: str, addresses: Sequence[Address], *, private: bool) -> None:
    """Raise Invalid if any of them is out of bounds: a name with one good and one bad answer is a bad name."""
    for address in addresses:
        for one in _carried(address):
            if _never(one) or (not private and not one.is_global):
                raise Invalid(f"{host} leads to {address}, which is not asked from here.", cure=CURE)


def _carried(address: Address) -> list[Address]:
    """The address and whatever address it carries inside."""
    found: list[Address] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in NAT64 or (int(address) >> 32 == 0 and int(address) > 1):
            inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        found += [one for one in inner if one is not None]
    return found


def _never(address: Address) -> bool:
    bad = address.is_link_local or address.is_multicast or address.is_unspecified
    bad = bad or (address.is_reserved if address.version == 4 else address.is_site_local)
    return bad or any(address.version == net.version and address in net for net in NEVER)


def _local(host: str) -> bool:
    name = host.rstrip(".").lower()
    return "." not in name or name.endswith((".localhost", ".local", ".internal", ".localdomain", ".home.arpa", ".lan"))
