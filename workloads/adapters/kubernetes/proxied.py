"""A Service's pages as a browser would ask for them, through the API server's proxy: redirects, style sheets, scripts."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote, urljoin, urlsplit

from workloads.adapters import probes
from workloads.adapters.kubernetes import transport
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.failures import ApiFailure
from workloads.adapters.probes import LONGEST_BODY, MOST_REDIRECTS, Page, Probe, Target

ACCEPT = "text/html,application/xhtml+xml,*/*;q=0.8"


@dataclass(frozen=True, slots=True)
class Door:
    """A Service's port, and the name under which the application expects to be asked."""

    client: Client
    namespace: str
    service: str
    host: str = ""
    port: str = "http"
    https: bool = False

    @property
    def prefix(self) -> str:
        """Where the API server's proxy to it begins."""
        return f"/api/v1/namespaces/{self.namespace}/services/{quote(f'http:{self.service}:{self.port}')}/proxy"

    @property
    def name(self) -> str:
        """What a browser would call it."""
        return self.host or f"{self.service}.{self.namespace}"

    @property
    def target(self) -> Target:
        """The same as the probes of this machine name it."""
        return Target(0, self.name, "https" if self.https else "http")


def get(door: Door, path: str, *, deadline: float) -> Probe:
    """GET the path, following redirects that stay with the application; `deadline` in seconds for all of it.

    Never raises for what the application or its pods do: no answer is an answer too.
    """
    began, hops, proto = time.monotonic(), list[str](), door.target.forwarded_proto
    while True:
        answer = _ask(door, path, proto, began + deadline)
        goal = urljoin(answer.url, _own(door, answer.location)) if answer.location else ""
        hops += [goal] if goal else []
        answer = replace(answer, milliseconds=(time.monotonic() - began) * 1000, redirects=tuple(hops))
        if not goal or not door.target.names(goal):
            return answer
        if len(hops) > MOST_REDIRECTS:
            return replace(answer, status=0, error="it redirects for ever")
        parts = urlsplit(goal)
        path, proto = (
            (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            "https" if parts.scheme == "https" else proto,
        )


def page(door: Door, path: str, *, deadline: float) -> Page:
    """GET a page like `get`, then its style sheets and scripts."""
    end = time.monotonic() + deadline
    document = get(door, path, deadline=deadline)
    if document.status != 200 or "html" not in document.content_type:
        return Page(document)
    found = [_own(door, asset) for asset in probes.own_assets(document, door.target)]
    return Page(document, tuple(get(door, asset, deadline=max(end - time.monotonic(), 0.5)) for asset in found))


def _ask(door: Door, path: str, proto: str, end: float) -> Probe:
    began = time.monotonic()
    shown = f"{proto}://{door.name}{path}"
    empty = Probe("GET", shown, 0, 0.0, forwarded_proto="https" if proto == "https" else "http")
    headers = {"Accept": ACCEPT, "Host": door.name, "X-Forwarded-Proto": proto, "User-Agent": "Mozilla/5.0 (compatible; Timonel)"}
    where = f"{door.prefix}/{path.lstrip('/')}"
    try:
        answer = door.client.stream().send("GET", where, headers=headers, seconds=max(end - began, 0.2), raw=True)
        body = transport.whole(answer, end, "GET", where)
    except ApiFailure as failure:
        return replace(empty, milliseconds=(time.monotonic() - began) * 1000, error=f"no answer: {failure.message}")
    took = (time.monotonic() - began) * 1000
    if cluster := _of_the_cluster(answer.status, body):
        return replace(empty, milliseconds=took, error=f"no answer: {cluster}")
    return replace(
        empty,
        status=answer.status,
        milliseconds=took,
        body=body[:LONGEST_BODY].decode("utf-8", "replace"),
        content_type=answer.headers.get("Content-Type", ""),
        location=answer.headers.get("Location", "") if 300 <= answer.status < 400 else "",
    )


def _of_the_cluster(status: int, body: bytes) -> str:
    """What the API server itself says instead of the application: no ready pods, no such Service, no right."""
    if status < 400 or not body.startswith(b"{"):
        return ""
    with suppress(ValueError):
        told = json.loads(body)
        if isinstance(told, dict) and told.get("kind") == "Status" and told.get("apiVersion") == "v1":
            return str(told.get("message") or told.get("reason"))
    return ""


def _own(door: Door, link: str) -> str:
    """The application's own path: the API server's proxy puts its prefix, with its colons as they are, before links."""
    for prefix in (door.prefix, unquote(door.prefix)):
        if prefix in link:
            return link.replace(prefix, "", 1) or "/"
    return link
