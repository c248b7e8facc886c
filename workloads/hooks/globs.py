"""Patterns of names and paths: `*` and `?` stay within one part, `**` crosses slashes; several, separated by commas."""

from __future__ import annotations

import re
from functools import lru_cache

LONGEST = 200  # characters of one pattern
MOST_STARS = 8  # of one pattern: each may make the search longer
TOKEN = re.compile(r"\*\*/|\*+|\?|.", re.S)


def split(text: str) -> tuple[str, ...]:
    """The patterns in a text."""
    return tuple(one for one in (part.strip() for part in text.split(",")) if one)


def wrong(text: str) -> str:
    """Why these patterns cannot be used, or nothing."""
    for one in split(text):
        if len(one) > LONGEST or one.count("*") > MOST_STARS:
            return f"{one[:40]} is too long or has too many stars."
    return ""


def matches(patterns: tuple[str, ...], name: str) -> bool:
    """Whether one of them is of this name; letters count as they are written."""
    return any(_compiled(pattern).fullmatch(name) for pattern in patterns)


@lru_cache(maxsize=500)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_part(token) for token in TOKEN.findall(pattern)), re.S)


def _part(token: str) -> str:
    if token == "**/":
        return "(?:[^/]+/)*"
    if token.startswith("*"):
        return ".*" if len(token) > 1 else "[^/]*"
    return "[^/]" if token == "?" else re.escape(token)
