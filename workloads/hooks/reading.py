"""A JSON document of somebody else: read with limits, each value asked for by its type, nothing believed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NoReturn

from controlplane.core.redaction import redact

LONGEST = 300  # characters of a text, unless told
MOST = 5_000  # items of a list


class Unreadable(ValueError):
    """This is not the document it says it is."""


@dataclass(frozen=True, slots=True)
class Node:
    """A place in the document. What is absent or of another type reads as nothing; `need` asks for more."""

    value: Any

    def at(self, *path: str) -> Node:
        """The value under these names, or nothing."""
        found = self.value
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return Node(found)

    def text(self, *path: str, most: int = LONGEST) -> str:
        """A text on one line: without control characters, redacted, cut."""
        found = self.at(*path).value
        if not isinstance(found, str):
            return ""
        cut = found[: 4 * most]  # what is far beyond the limit is not even looked at
        return redact("".join(sign if sign.isprintable() else " " for sign in cut)).strip()[:most]

    def raw(self, *path: str, most: int = LONGEST) -> str:
        """A name as it is, for comparing; nothing when it is too long or not printable."""
        found = self.at(*path).value
        return found if isinstance(found, str) and len(found) <= most and found.isprintable() else ""

    def number(self, *path: str) -> int | None:
        """A whole number that a database holds."""
        found = self.at(*path).value
        return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 2**63 else None

    def flag(self, *path: str) -> bool:
        """Whether it is true, and nothing that only looks true."""
        return self.at(*path).value is True

    def items(self, *path: str, most: int = MOST) -> list[Node]:
        """The items of a list, as far as the limit."""
        found = self.at(*path).value
        return [Node(item) for item in found[:most]] if isinstance(found, list) else []

    def size(self, *path: str) -> int:
        """How many items a list really has."""
        found = self.at(*path).value
        return len(found) if isinstance(found, list) else 0


def document(body: bytes) -> Node:
    """The JSON object in the bytes; Unreadable for everything else, also when it is nested too deep."""
    try:
        found = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable("The body is no JSON.") from error
    if not isinstance(found, dict):
        raise Unreadable("The body is no JSON object.")
    return Node(found)


def need(text: str, what: str) -> str:
    """The text; Unreadable without one."""
    if not text:
        raise Unreadable(f"The document has no {what}.")
    return text


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
