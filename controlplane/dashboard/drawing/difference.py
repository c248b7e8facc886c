"""Two versions side by side: paired lines, folded context, and marks on the words that changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal

CONTEXT = 3
ALIKE = 0.3  # below this share of equal words a line is marked whole: scattered marks would say nothing
WORD = re.compile(r"\w+|\s+|[^\w\s]")
Piece = tuple[str, bool]  # text, changed
Pair = tuple[str | None, str | None]  # the line before and after; None where there is none


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


def paired(pairs: Iterable[Pair], context: int = CONTEXT) -> tuple[Row, ...]:
    """The rows of a comparison whose lines belong together by name; equal stretches are folded to `context` lines."""
    numbers = {"old": 0, "new": 0}
    rows = [row(old, new, numbers) for old, new in pairs]
    stretches = [(same, list(group)) for same, group in groupby(rows, lambda row: row.kind == "same")]
    folded = [
        _folded(stretch, context, first=index == 0, last=index == len(stretches) - 1) if same else stretch
        for index, (same, stretch) in enumerate(stretches)
    ]
    return tuple(row for stretch in folded for row in stretch)


def words(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both lines in pieces, each marked where the words differ."""
    left, right = WORD.findall(old), WORD.findall(new)
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    if matcher.ratio() < ALIKE:
        return ((old, True),), ((new, True),)
    before: list[Piece] = []
    after: list[Piece] = []
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        before += [("".join(left[a1:a2]), tag != "equal")] if a2 > a1 else []
        after += [("".join(right[b1:b2]), tag != "equal")] if b2 > b1 else []
    return tuple(before), tuple(after)


def row(old: str | None, new: str | None, numbers: dict[str, int]) -> Row:
    """One row; `numbers` counts the lines of each side."""
    numbers["old"] += old is not None
    numbers["new"] += new is not None
    if old is None or new is None:
        text, side = (new, "new") if old is None else (old, "old")
        alone = Side(numbers[side], ((text or "", False),))
        return Row("added", new=alone) if old is None else Row("removed", old=alone)
    before, after = words(old, new)
    return Row("same" if old == new else "changed", Side(numbers["old"], before), Side(numbers["new"], after))


def _folded(same: Sequence[Row], context: int, *, first: bool, last: bool) -> list[Row]:
    head, tail = 0 if first else context, 0 if last else context
    hidden = len(same) - head - tail
    if hidden <= 1 or (first and last):
        return list(same)
    return [*same[:head], Row("fold", folded=hidden), *same[len(same) - tail :]]
