"""What a message says: the announcement, what was folded into it, what was missed before it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_NAMED = 10
# Characters that move or hide text: controls, marks of direction, invisible separators.
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\U000e0000-\U000e007f]+")


def line(text: str) -> str:
    """The text as one line without anything that moves, hides or breaks it."""
    return re.sub(r"\s+", " ", UNSEEN.sub(" ", text)).strip()


def lines(text: str) -> str:
    """The same, keeping its lines."""
    return "\n".join(line(part) for part in text.splitlines()).strip()


def title(told: str, folded: int) -> str:
    """The title, and how many more it stands for."""
    return f"{line(told)} (and {folded} more)" if folded else line(told)


def text(told: str, folded: Sequence[str], count: int, missed: Sequence[str]) -> str:
    """The sentences, then the first of `count` that are told with it, then what about the same could not be delivered."""
    parts = [lines(told), _listed("Told with it:", folded, count), _listed("Could not be delivered before:", missed, len(missed))]
    return "\n\n".join(part for part in parts if part)


def _listed(heading: str, titles: Sequence[str], count: int) -> str:
    if not titles:
        return ""
    more = count - len(titles[:MOST_NAMED])
    rows = [f"- {line(one)}" for one in titles[:MOST_NAMED]] + ([f"- and {more} more"] if more > 0 else [])
    return "\n".join([heading, *rows])
