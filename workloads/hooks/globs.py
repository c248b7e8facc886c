"""Patterns of names and paths: `*` and `?` stay within one part, `**` crosses slashes; several, separated by commas.

No regular expressions: names come from strangers, and a pattern with a few stars would let them take for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

LONGEST = 200  # characters of one pattern
TOKEN = re.compile(r"\*\*/|\*\*|\*|.", re.S)
ANY, PART, FOLDERS, ONE = "**", "*", "**/", "?"


def split(text: str) -> tuple[str, ...]:
    """The patterns in a text."""
    return tuple(one for one in (part.strip() for part in text.split(",")) if one)


def matches(patterns: tuple[str, ...], name: str) -> bool:
    """Whether one of them is of this name; letters count as they are written."""
    return any(_fits(_tokens(pattern[:LONGEST]), name) for pattern in patterns)


@lru_cache(maxsize=500)
def _tokens(pattern: str) -> tuple[str, ...]:
    return tuple(TOKEN.findall(pattern))


def _fits(tokens: tuple[str, ...], name: str) -> bool:
    """All places in the pattern where one can be, kept while the name is read sign by sign: never back."""
    here = _arrive(tokens, [0])
    for sign in name:
        here = _step(tokens, here, sign)
        if not here:
            return False
    return len(tokens) in here


def _step(tokens: tuple[str, ...], here: Iterable[int], sign: str) -> set[int]:
    stay: set[int] = set()
    on: list[int] = []
    for place in here:
        token = tokens[place] if place < len(tokens) else ""
        if token in (ANY, FOLDERS) or (token == PART and sign != "/"):
            stay.add(place)
            if token != FOLDERS or sign == "/":
                on.append(place + 1)
        elif token == sign or (token == ONE and sign != "/"):
            on.append(place + 1)
    return stay | _arrive(tokens, on)


def _arrive(tokens: tuple[str, ...], places: list[int]) -> set[int]:
    """These places, and those after a star, which may stand for nothing."""
    found: set[int] = set()
    while places:
        place = places.pop()
        if place not in found:
            found.add(place)
            if place < len(tokens) and tokens[place] in (ANY, PART, FOLDERS):
                places.append(place + 1)
    return found
