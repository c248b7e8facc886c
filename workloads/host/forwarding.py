"""Pure: which headers go on to the application and which come back."""

from __future__ import annotations

import ipaddress

from multidict import CIMultiDict, CIMultiDictProxy

# RFC 9110 section 7.6.1: these belong to one connection.
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
WEBSOCKET = frozenset({"sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions", "sec-websocket-protocol"})
Headers = CIMultiDict[str]
GivenHeaders = CIMultiDict[str] | CIMultiDictProxy[str]


def end_to_end(headers: GivenHeaders) -> Headers:
    """The headers without those of the connection, and those the Connection header names."""
    named = {word.strip().lower() for value in headers.getall("Connection", ()) for word in value.split(",")}
    drop = HOP_BY_HOP | named
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in drop)


def towards_application(headers: GivenHeaders, peer: str) -> Headers:
    """The request's headers with X-Forwarded-For, -Proto and -Host added.

    What a peer on this machine says of them is believed (a proxy in front, a probe); what others say is replaced.
    """
    sent = end_to_end(headers)
    trusted = is_loopback(peer)
    before = ", ".join(headers.getall("X-Forwarded-For", ())) if trusted else ""
    proto = headers.get("X-Forwarded-Proto", "") if trusted else ""
    host = headers.get("X-Forwarded-Host", "") if trusted else ""
    for name in ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "Expect"):
        sent.popall(name, None)
    sent["X-Forwarded-For"] = f"{before}, {peer}" if before else peer
    sent["X-Forwarded-Proto"] = proto if proto in {"http", "https"} else "http"
    sent["X-Forwarded-Host"] = host or headers.get("Host", "")
    return sent


def is_loopback(peer: str) -> bool:
    """Whether the address is of this machine."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
