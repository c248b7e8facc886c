"""Asking the API of a forge: guarded, within a deadline, followed where a repository moved, each refusal in words."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from controlplane.core import outward
from controlplane.core.errors import DeadlineExceeded, Invalid, OutsideError

DEADLINE = 20.0  # seconds for one question with all its moves
LARGEST = 2**20  # bytes of an answer
MOVES = {301, 302, 307, 308}
MOST_MOVES = 2
SECONDARY = 60.0  # seconds; what GitHub asks for where a secondary limit names no time
LONGEST_WAIT = 6 * 3600.0
TOKEN = "Set a token that may write commit statuses and deployments in the administration of this source."


class ForgeError(OutsideError):
    """The forge said no, or nothing. `again`: seconds after which asking again makes sense; None where it does not."""

    code = "forge"

    def __init__(self, message: str, *, cure: str = "", again: float | None = None) -> None:
        super().__init__(message, cure=cure)
        self.again = again


@dataclass(frozen=True, slots=True)
class Forge:
    """Where the API is, what every question carries, and whether it may be on a private network."""

    url: str
    headers: Mapping[str, str]
    private: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered. `moved` is the address that answered in the end, where the first sent us on."""

    status: int
    data: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    moved: str = ""


def ask(
    forge: Forge, method: str, path: str, body: Mapping[str, Any] | None = None, *, allowed: frozenset[int] = frozenset()
) -> Reply:
    """Ask; a moved repository is asked at its new place, if that is the same host. Raises ForgeError, but not for `allowed`."""
    end, url = time.monotonic() + DEADLINE, forge.url.rstrip("/") + path
    try:
        with outward.client(timeout=DEADLINE / 2, private=forge.private) as client:
            reply = _with_moves(client, forge, method, url, body, end)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ForgeError(f"{_host(url)} does not answer: {error or type(error).__name__}.", again=0) from error
    except Invalid as error:
        raise ForgeError(error.message, cure=error.cure) from error
    if reply.status >= 400 and reply.status not in allowed:
        raise refusal(reply, _host(url), time.time())
    return reply


def _with_moves(client: httpx.Client, forge: Forge, method: str, url: str, body: Mapping[str, Any] | None, end: float) -> Reply:
    first = url
    for _ in range(MOST_MOVES + 1):
        reply = _once(client, forge, method, url, body, end)
        if reply.status not in MOVES:
            return Reply(reply.status, reply.data, reply.headers, url if url != first else "")
        there = urljoin(url, reply.headers.get("location", ""))
        if _origin(there) != _origin(url):
            raise ForgeError(
                f"{_host(url)} sends us on to another host ({_host(there)}), which is not followed: the token is for this one.",
                cure="If the forge has moved, set its new address in the administration of this source.",
            )
        url = there
    raise ForgeError(f"{_host(url)} sends us on and on.", cure="Look at the address of the forge and the repository's name.")


def _once(client: httpx.Client, forge: Forge, method: str, url: str, body: Mapping[str, Any] | None, end: float) -> Reply:
    """One question. An answer that trickles is left at the deadline, one that is too large at its limit."""
    content = b""
    with client.stream(method, url, headers=dict(forge.headers), json=body) as answer:
        for piece in answer.iter_bytes():
            content += piece
            if time.monotonic() > end:
                raise DeadlineExceeded(f"{_host(url)} did not answer within {DEADLINE:.0f} seconds.")
            if len(content) > LARGEST:
                raise ForgeError(f"{_host(url)} answers with more than is read.", cure="Look at the address of its API.")
        return Reply(answer.status_code, _data(content, answer), dict(answer.headers))


def _data(content: bytes, answer: httpx.Response) -> Any:
    """The JSON of an answer; what is none says nothing, and is an error where all seemed well."""
    try:
        return json.loads(content) if content else {}
    except (ValueError, RecursionError) as error:
        if answer.is_success:
            raise ForgeError(f"{answer.url.host} answers no JSON.", cure="Look at the address of its API.") from error
        return {}


def refusal(reply: Reply, host: str, now: float) -> ForgeError:
    """What a refusal means, and when to ask again."""
    wait = limited_for(reply, now)
    if wait is not None:
        return ForgeError(f"{host} says that it was asked too often; it is asked again in {wait:.0f} seconds.", again=wait)
    if reply.status >= 500:
        return ForgeError(f"{host} is in trouble ({reply.status}).", again=0)
    said = _said(reply)
    words = {
        401: (f"{host} does not know our token.", TOKEN),
        403: (f"{host} does not let our token do this{said}.", TOKEN),
        404: (f"{host} knows no such repository or commit, or our token may not see it.", TOKEN),
        422: (f"{host} does not accept what it was told{said}.", "The commit may be gone: look for it in the repository."),
    }
    message, cure = words.get(reply.status, (f"{host} answered {reply.status}{said}.", "Look at the address of its API."))
    return ForgeError(message, cure=cure)


def limited_for(reply: Reply, now: float) -> float | None:
    """Seconds to wait where the answer means "too often", by `Retry-After` or the reset of the limit; None where it does not."""
    headers = {name.lower(): value for name, value in reply.headers.items()}
    remaining, after = headers.get("x-ratelimit-remaining", headers.get("ratelimit-remaining")), _number(headers.get("retry-after"))
    secondary = reply.status == 403 and (after is not None or "secondary rate limit" in str(reply.data).lower())
    if not (reply.status == 429 or secondary or (reply.status == 403 and remaining == "0")):
        return None
    reset = _number(headers.get("x-ratelimit-reset", headers.get("ratelimit-reset"))) if remaining == "0" else None
    waits = [wait for wait in (after, reset - now if reset is not None else None) if wait is not None]
    return min(max(1.0, *waits) if waits else SECONDARY, LONGEST_WAIT)


def _number(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else None


def _said(reply: Reply) -> str:
    """The forge's own words, cut; an error redacts itself."""
    data = reply.data if isinstance(reply.data, dict) else {}
    message = data.get("message") or data.get("error") or ""
    return f": {' '.join(str(message).split())[:200]}" if message else ""


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2][:100]
