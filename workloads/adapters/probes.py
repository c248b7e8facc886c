"""Asking a running application for a page as a browser would: redirects, style sheets, scripts, the right Host."""

from __future__ import annotations

import re
import ssl
import time
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Literal
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx

LONGEST_BODY = 2 * 1024 * 1024
EXCERPT = 600
MOST_REDIRECTS = 10
MOST_ASSETS = 24
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
Proto = Literal["http", "https"]
SERVER_ERROR = re.compile(r"<h1>\s*Server Error \(500\)\s*</h1>", re.I)
DEBUG_PAGE = re.compile(r"because you have <code>DEBUG ?= ?True</code>")
INSTALLED_PAGE = re.compile(r"The install worked successfully! Congratulations!")


@dataclass(frozen=True, slots=True)
class Probe:
    """One question and its answer; `status` 0 means that none came, and `error` why. Times in milliseconds."""

    method: str
    url: str  # as a browser at the stable address would name it
    status: int
    milliseconds: float
    redirects: tuple[str, ...] = ()
    error: str = ""
    body: str = ""
    content_type: str = ""
    location: str = ""  # of the last answer: a redirect that was not followed
    forwarded_proto: Proto = "http"

    @property
    def excerpt(self) -> str:
        """The visible beginning of the page, tags left out."""
        text = re.sub(r"(?s)<(script|style)\b.*?</\1>|<[^>]+>", " ", self.body)
        return re.sub(r"\s+", " ", text).strip()[:EXCERPT]

    @property
    def says_server_error(self) -> bool:
        """Whether the page is Django's own 500 page, whatever its status."""
        return bool(SERVER_ERROR.search(self.body))

    @property
    def is_welcome(self) -> bool:
        """Whether the page is the one Django shows where nothing is routed yet."""
        return bool(INSTALLED_PAGE.search(self.body))

    @property
    def is_debug_page(self) -> bool:
        """Whether the page shows the application's insides: DEBUG is on."""
        return bool(DEBUG_PAGE.search(self.body)) or self.is_welcome


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered page and the style sheets and scripts of its own that it names."""

    document: Probe
    assets: tuple[Probe, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect, and what the application is called by browsers (its stable address)."""

    port: int
    host: str
    forwarded_proto: Proto = "http"

    def names(self, url: str) -> bool:
        """Whether the address is this application's own."""
        return urlsplit(url).netloc.lower() in {"", self.host.lower(), self.host.rpartition(":")[0].lower()}


def get(target: Target, path: str, *, deadline: float) -> Probe:
    """GET the path, following redirects that stay with the application; `deadline` in seconds for all of it.

    An application that insists on https is asked again as if a TLS proxy stood in front. Never raises for what the
    application does: no answer is an answer too.
    """
    end = time.monotonic() + deadline
    with _client() as client:
        return _follow(client, target, path, end)


def page(target: Target, path: str, *, deadline: float) -> Page:
    """GET a page like `get`, then its style sheets and scripts."""
    end = time.monotonic() + deadline
    with _client() as client:
        document = _follow(client, target, path, end)
        if document.status != 200 or "html" not in document.content_type:
            return Page(document)
        secured = replace(target, forwarded_proto=document.forwarded_proto)
        return Page(document, tuple(_follow(client, secured, asset, end) for asset in own_assets(document, target)))


def own_assets(document: Probe, target: Target) -> list[str]:
    """Paths of the style sheets and scripts of the application's own that the page names, in its order."""
    parser = _Assets()
    parser.feed(document.body)
    base = urljoin(document.url, parser.base)
    found = dict.fromkeys(urldefrag(urljoin(base, link)).url for link in parser.links)
    return [_path_of(link) for link in found if link.startswith("http") and target.names(link)][:MOST_ASSETS]


def _client() -> httpx.Client:
    """A client with cookies of its own. Everything asked is plain http on this machine: no certificates are loaded."""
    return httpx.Client(follow_redirects=False, trust_env=False, verify=NO_CERTIFICATES)


def _follow(client: httpx.Client, target: Target, path: str, end: float) -> Probe:
    began, proto = time.monotonic(), target.forwarded_proto
    hops: list[str] = []
    while True:
        answer = _ask(client, replace(target, forwarded_proto=proto), path, end)
        goal = urljoin(answer.url, answer.location) if answer.location else ""
        hops += [goal] if goal else []
        answer = replace(answer, milliseconds=(time.monotonic() - began) * 1000, redirects=tuple(hops))
        if not goal or not target.names(goal):
            return answer
        if len(hops) > MOST_REDIRECTS:
            return replace(answer, status=0, error="it redirects for ever")
        path, proto = _path_of(goal), "https" if goal.startswith("https:") else proto


def _ask(client: httpx.Client, target: Target, path: str, end: float) -> Probe:
    url, shown = f"http://127.0.0.1:{target.port}{path}", f"{target.forwarded_proto}://{target.host}{path}"
    headers = {
        "Host": target.host,
        "X-Forwarded-Proto": target.forwarded_proto,
        "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
        "User-Agent": "Mozilla/5.0 (compatible; Timonel)",
    }
    began = time.monotonic()
    empty = Probe("GET", shown, 0, 0.0, forwarded_proto=target.forwarded_proto)
    try:
        with client.stream("GET", url, headers=headers, timeout=max(end - began, 0.1)) as response:
            body = _read(response, end)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict) as error:
        late = isinstance(error, httpx.TimeoutException)
        return replace(empty, error="no answer in time" if late else f"no answer: {error or type(error).__name__}")
    return replace(
        empty,
        status=response.status_code,
        milliseconds=(time.monotonic() - began) * 1000,
        body=body,
        location=response.headers["location"] if response.has_redirect_location else "",
        content_type=response.headers.get("content-type", ""),
    )


def _read(response: httpx.Response, end: float) -> str:
    read = bytearray()
    for chunk in response.iter_bytes():
        read += chunk
        if len(read) > LONGEST_BODY:
            break
        if time.monotonic() > end:
            raise httpx.ReadTimeout("the answer did not end in time")
    return bytes(read[:LONGEST_BODY]).decode(response.encoding or "utf-8", "replace")


def _path_of(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


class _Assets(HTMLParser):
    """Collects what a browser must fetch before the page looks and works as meant."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.base = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "base" and not self.base:
            self.base = given.get("href", "")
        elif tag == "link" and "stylesheet" in given.get("rel", "").lower().split() and given.get("href"):
            self.links.append(given["href"])
        elif tag == "script" and given.get("src"):
            self.links.append(given["src"])
