"""Any value as bounded plain JSON that PostgreSQL gives back exactly as it was put in, so that it can be hashed."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

LONGEST_TEXT = 4_000  # characters
MOST_ITEMS = 200  # of one list or object
DEEPEST = 8  # levels
LARGEST = 64 * 2**10  # bytes of the whole value as JSON


def storable(text: str) -> str:
    """The text without what PostgreSQL cannot hold (NUL, half characters); a mark stands in the place of each."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def plain(value: Any) -> Any:
    """The value in JSON's own types, cut to the limits above; what is larger as a whole is kept as its size and SHA-256."""
    found = _plain(value, 0)
    text = json.dumps(found, sort_keys=True, ensure_ascii=False).encode()
    if len(text) <= LARGEST:
        return found
    return {"too_large": len(text), "sha256": hashlib.sha256(text).hexdigest()}


def _plain(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return _number(value)
    if depth >= DEEPEST:
        return _text("...")
    if isinstance(value, Mapping):
        return _mapping(value, depth)
    if isinstance(value, list | tuple | set | frozenset):
        return _sequence(sorted(value, key=str) if isinstance(value, set | frozenset) else list(value), depth)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"({len(value)} bytes)"
    return _text(value.isoformat() if isinstance(value, datetime | date | time) else str(value))


def _number(value: float) -> int | float | str:
    """JSON has no NaN, and PostgreSQL writes 1e+16 as 10000000000000000: a whole number is kept as one."""
    if not math.isfinite(value):
        return str(value)
    return int(value) if value.is_integer() else value


def _mapping(value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    items = list(value.items())
    found = {_text(str(key))[:200]: _plain(item, depth + 1) for key, item in items[:MOST_ITEMS]}
    return found if len(items) <= MOST_ITEMS else {**found, "...": f"{len(items) - MOST_ITEMS} more"}


def _sequence(value: list[Any], depth: int) -> list[Any]:
    found = [_plain(item, depth + 1) for item in value[:MOST_ITEMS]]
    return found if len(value) <= MOST_ITEMS else [*found, f"... {len(value) - MOST_ITEMS} more"]


def _text(value: str) -> str:
    text = storable(value)
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} ... ({len(text) - LONGEST_TEXT} more characters)"
