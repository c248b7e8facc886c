"""Bodies of requests: limited in size before they are read, refused when no database could hold them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.utils import json as strict

from controlplane.core.errors import Invalid
from knowledge.folders import LARGEST

MOST_BYTES = 1_000_000
MOST_BYTES_OF_A_REPORT = 20_000_000


class TooLarge(Invalid):
    """The body is too large."""

    code = "too_large"
    status = 413


class LimitedJSON(JSONParser):
    """JSON of at most one megabyte."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """The document; ParseError for what is none, also for one nested too deep or with half a character."""
        raw = read(stream, parser_context, MOST_BYTES)
        try:
            found = strict.loads(raw.decode())
            if b"\\u" in raw:
                json.dumps(found, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise ParseError(f"This is no JSON: {error}") from error
        return found


class Report(BaseParser):
    """The report of a tool as it is: the bytes, whatever they are called."""

    media_type = "*/*"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, bytes]:
        """The bytes as `content`: at most 20 megabytes."""
        return {"content": read(stream, parser_context, MOST_BYTES_OF_A_REPORT)}


class Upload(BaseParser):
    """A document as it is: the bytes, whatever they are called."""

    media_type = "*/*"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, bytes]:
        """The bytes as `content`: at most as many as are read of a document."""
        return {"content": read(stream, parser_context, LARGEST)}


def read(stream: IO[Any], context: Mapping[str, Any] | None, most: int) -> bytes:
    """The body; TooLarge when it says or shows that it is longer than `most` bytes."""
    said = context["request"].META.get("CONTENT_LENGTH") if context else None
    if said and str(said).isdecimal() and int(said) > most:
        raise _too_large(most)
    body: bytes = stream.read(most + 1)
    if len(body) > most:
        raise _too_large(most)
    return body


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"The body is larger than {most // 1_000_000} MB.", cure="Send less at once.")
