"""Two texts side by side: matched lines, folded context, and marks on the words that changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

CONTEXT = 3
WORD = re.compile(r"\w+|\s+|[^\w\s]")
Piece = tuple[str, bool]  # text, changed


@dataclass(frozen=True, slots=True)
class Side:
    """One line on one side."""

    number: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the comparison; a fold says how many equal lines it stands for."""

    kind: Literal["same", "changed", "removed", "added", "fold"]
    old: Side | None = None
    new: Side | None = None
    folded: int = 0


def side_by_side(old: str, new: str, context: int = CONTEXT) -> tuple[Row, ...]:
    """The rows of a comparison of two texts, equal stretches folded to `context` lines around each difference."""
    before, after = old.splitlines(), new.splitlines()
    rows: list[Row] = []
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for index, (tag, a1, a2, b1, b2) in enumerate(blocks):
        if tag == "equal":
            same = [_same(a1 + n, b1 + n, before[a1 + n]) for n in range(a2 - a1)]
            rows += _folded(same, context, first=index == 0, last=index == len(blocks) - 1)
        else:
            rows += _changed(before[a1:a2], after[b1:b2], a1, b1)
    return tuple(rows)


def words(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both lines in pieces, each marked where the words differ."""
    left, right = WORD.findall(old), WORD.findall(new)
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    if matcher.ratio() < 0.3:
        return ((old, True),), ((new, True),)
    before: list[Piece] = []
    after: list[Piece] = []
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        before += [("".join(left[a1:a2]), tag != "equal")] if a2 > a1 else []
        after += [("".join(right[b1:b2]), tag != "equal")] if b2 > b1 else []
    return tuple(before), tuple(after)


def _changed(before: list[str], after: list[str], a: int, b: int) -> Iterator[Row]:
    paired = min(len(before), len(after))
    for n in range(paired):
        old, new = words(before[n], after[n])
        yield Row("changed", Side(a + n + 1, old), Side(b + n + 1, new))
    for n in range(paired, len(before)):
        yield Row("removed", old=Side(a + n + 1, ((before[n], False),)))
    for n in range(paired, len(after)):
        yield Row("added", new=Side(b + n + 1, ((after[n], False),)))


def _same(a: int, b: int, text: str) -> Row:
    return Row("same", Side(a + 1, ((text, False),)), Side(b + 1, ((text, False),)))


def _folded(same: list[Row], context: int, *, first: bool, last: bool) -> list[Row]:
    head, tail = 0 if first else context, 0 if last else context
    hidden = len(same) - head - tail
    if hidden <= 1:
        return same
    return [*same[:head], Row("fold", folded=hidden), *same[len(same) - tail :]]
