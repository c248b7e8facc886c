"""A Service's pages as a browser would ask for them, through the API server's proxy: redirects, style sheets, scripts."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from urllib.parse import quote, urljoin, urlsplit

from workloads.adapters import probes
from workloads.adapters.kubernetes import proxying
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
        return proxying.prefix(self.namespace, self.service, self.port)

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
    seconds = max(end - began, 0.2)
    try:
        said = proxying.ask(
            door.client, door.namespace, door.service, door.port, path, headers=headers, seconds=seconds, most=LONGEST_BODY
        )
    except ApiFailure as failure:  # we may not ask
        return replace(empty, milliseconds=(time.monotonic() - began) * 1000, error=f"no answer: {failure.message}")
    if not said.status:
        return replace(empty, milliseconds=said.milliseconds, error=f"no answer: {said.error}")
    return replace(
        empty,
        status=said.status,
        milliseconds=said.milliseconds,
        body=said.body,
        content_type=said.content_type,
        location=said.location if 300 <= said.status < 400 else "",
    )


def _own(door: Door, link: str) -> str:
    """The application's own path: the API server's proxy puts its prefix before links, with its colons written either way."""
    for prefix in (door.prefix, quote(door.prefix)):
        if prefix in link:
            return link.replace(prefix, "", 1) or "/"
    return link
