"""Pages of the web, fetched through the guarded client, with a limit to what one may weigh."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx

from controlplane.core import outward
from controlplane.core.errors import DeadlineExceeded, Invalid, OutsideError

SECONDS, LARGEST = 20.0, 2_000_000
SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "application/yaml": ".yaml",
    "text/yaml": ".yaml",
    "text/x-rst": ".rst",
}


@dataclass(frozen=True, slots=True)
class Page:
    """What an address answered: its content, the suffix of its type, and what it says of its version."""

    content: bytes
    suffix: str
    etag: str
    modified_at: datetime | None


def fetch(address: str, key: str = "") -> Page:
    """The page, asked for with this bearer token, if any.

    Raises Invalid for an address that is not asked or content that is not read, OutsideError where nobody answers.
    """
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        with outward.client(timeout=SECONDS) as client, client.stream("GET", address, headers=headers) as answer:
            if answer.status_code != httpx.codes.OK:
                raise OutsideError(f"It answers {answer.status_code}.", cure="Give the address that it leads to, if it moved.")
            kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind not in SUFFIXES:
                raise Invalid(f"It is of the type {kind[:60] or 'unknown'}, which is not read.")
            return Page(_limited(answer), SUFFIXES[kind], answer.headers.get("etag", "")[:100], _modified(answer))
    except httpx.TimeoutException as error:
        raise DeadlineExceeded("It did not answer in time.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OutsideError(f"It could not be fetched: {type(error).__name__}.") from error


def _limited(answer: httpx.Response) -> bytes:
    content = bytearray()
    for part in answer.iter_bytes():
        content += part
        if len(content) > LARGEST:
            raise Invalid(f"It has more than {LARGEST // 1_000_000} MB.")
    return bytes(content)


def _modified(answer: httpx.Response) -> datetime | None:
    with suppress(TypeError, ValueError):
        return parsedate_to_datetime(answer.headers["last-modified"]) if "last-modified" in answer.headers else None
    return None
