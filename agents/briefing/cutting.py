"""Fitting the pieces into a budget of tokens: by rank, whole where that is possible, and what is left out is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agents.briefing.items import SEVERITIES, Item

BYTES_A_TOKEN = 3  # rather more tokens than are likely
SHARE = 0.4  # of the budget that one piece may take while others wait
LEAST = 40  # tokens: less of a piece than this says nothing
CUT_MARK = "[... {} lines are left out here ...]"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What did not fit: so many of a kind, or so many lines of one piece (`item`)."""

    count: int
    of: str  # `evidence`, `finding`, `line`
    severity: str = ""
    item: str = ""

    def sentence(self) -> str:
        """In the reader's language."""
        number = {"count": self.count}
        if self.of == "line":
            said = ngettext("%(count)d line of %(item)s was left out.", "%(count)d lines of %(item)s were left out.", self.count)
            return said % {**number, "item": self.item}
        if self.of == "finding":
            said = ngettext(
                "%(count)d finding of %(severity)s severity was left out.",
                "%(count)d findings of %(severity)s severity were left out.",
                self.count,
            )
            return said % {**number, "severity": _(self.severity)}
        said = ngettext("%(count)d piece of evidence was left out.", "%(count)d pieces of evidence were left out.", self.count)
        return said % number


@dataclass(frozen=True, slots=True)
class Cut:
    """What is told, in order, and what is not."""

    items: tuple[Item, ...]
    left_out: tuple[LeftOut, ...]


def tokens(text: str) -> int:
    """An estimate, rather too high than too low."""
    return -(-len(text.encode()) // BYTES_A_TOKEN)


def cut(items: Sequence[Item], budget: int) -> Cut:
    """The pieces that fit into so many tokens: each in its turn, none more than its share while others wait."""
    kept: list[Item] = []
    shortened: list[LeftOut] = []
    dropped: list[Item] = []
    remaining = budget
    for position, item in enumerate(items):
        last = position == len(items) - 1
        share = remaining if last else min(remaining, max(int(budget * SHARE), LEAST))
        fitted, lines = _fit(item, share)
        if fitted is None:
            dropped.append(item)
            continue
        kept.append(fitted)
        remaining -= cost(fitted)
        if lines:
            shortened.append(LeftOut(lines, "line", item=item.id))
    return Cut(tuple(kept), (*shortened, *_counted(dropped)))


def cost(item: Item) -> int:
    """The tokens of a piece with its heading and marks."""
    return tokens(f"{item.id} {item.title}") + LEAST // 4 + sum(tokens(line) + 1 for line in item.lines)


def _fit(item: Item, share: int) -> tuple[Item | None, int]:
    """The piece, cut to its share, and how many lines were left out; None where nothing of it would be worth telling."""
    if cost(item) <= share:
        return item, 0
    if item.of == "finding" or share < LEAST:
        return None, 0
    room = share - tokens(f"{item.id} {item.title} {CUT_MARK}") - LEAST // 2
    lines = _as_many(item.lines if item.keep == "first" else item.lines[::-1], room)
    if not lines:
        return None, 0
    out = len(item.lines) - len(lines)
    mark = CUT_MARK.format(out)
    told = (*lines, mark) if item.keep == "first" else (mark, *reversed(lines))
    return Item(item.id, item.rank, item.title, told, item.keep, item.of, item.severity), out


def _as_many(lines: Sequence[str], room: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        room -= tokens(line) + 1
        if room < 0:
            break
        kept.append(line)
    return kept


def _counted(dropped: Sequence[Item]) -> list[LeftOut]:
    evidence = sum(item.of == "evidence" for item in dropped)
    findings = Counter(item.severity for item in dropped if item.of == "finding")
    found = [LeftOut(evidence, "evidence")] if evidence else []
    return found + [LeftOut(findings[one], "finding", one) for one in SEVERITIES if findings[one]]
