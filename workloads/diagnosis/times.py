"""Times in evidence: RFC 3339 and what programs print, as seconds since 1970; 0 where there is none."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

_STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?\s?(Z|[+-]\d\d:?\d\d)?")


@lru_cache(maxsize=8192)
def seconds(text: str) -> float:
    """Seconds since 1970 of the time a text begins with; without a zone it counts as UTC."""
    match = _STAMP.match(text)
    if not match:
        return 0.0
    try:
        moment = datetime(*(int(part) for part in match.groups()[:6]), tzinfo=UTC)  # type: ignore[arg-type, misc]
    except ValueError:
        return 0.0
    return moment.timestamp() - _offset(match[8] or "Z")


def has_zone(text: str) -> bool:
    """Whether the time a text begins with says its zone."""
    match = _STAMP.match(text)
    return bool(match and match[8])


def _offset(zone: str) -> float:
    if zone == "Z":
        return 0.0
    sign = -1 if zone[0] == "-" else 1
    return sign * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)
