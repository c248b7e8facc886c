"""Posting a message to an address that a person typed in: guarded, bounded in time as a whole, its answer read only as needed."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import httpx

from controlplane.core import outward
from controlplane.core.errors import Invalid
from controlplane.core.retrying import retry_after
from controlplane.core.watch import Watch
from workloads.adapters.messages import DEADLINE, EXCERPT, Answer, Ended, ended_by


def post(address: str, body: bytes, headers: Mapping[str, str], *, private: bool, deadline: float = DEADLINE) -> Answer:
    """POST the JSON once. Never raises for what the receiver does; no answer is an answer too."""
    with Watch(deadline) as watch:
        try:
            with outward.client(timeout=deadline, private=private) as client:
                return _ask(client, address, body, headers, watch)
        except Invalid as error:  # a name that now leads where nothing is sent: it may lead back
            return Answer(Ended.LATER, error=str(error), unreachable=True)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            late = watch.over or isinstance(error, httpx.TimeoutException)
            said = f"No answer within {deadline:g} seconds." if late else f"No answer: {error or type(error).__name__}."
            return Answer(Ended.LATER, error=said, unreachable=True)


def _ask(client: httpx.Client, address: str, body: bytes, headers: Mapping[str, str], watch: Watch) -> Answer:
    given = {"Content-Type": "application/json", "User-Agent": "Timonel", "Accept": "*/*", **headers}
    with client.stream("POST", address, content=body, headers=given, extensions={"trace": watch.follow}) as response:
        ended = ended_by(response.status_code)
        if ended is Ended.DELIVERED:
            return Answer(ended, response.status_code)
        error = f"It answered {response.status_code} {response.reason_phrase}. {_excerpt(response)}".strip()
        wait = retry_after(response.headers.get("retry-after", ""))
        return Answer(ended, response.status_code, error, wait, unreachable=response.status_code == 429)


def _excerpt(response: httpx.Response) -> str:
    """The beginning of what it said, as far as it comes."""
    if response.has_redirect_location:
        return "Redirects are not followed: enter the address it leads to."
    with contextlib.suppress(httpx.HTTPError):
        for chunk in response.iter_bytes(EXCERPT * 4):
            return chunk.decode("utf-8", "replace")[:EXCERPT]
    return ""
