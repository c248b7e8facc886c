"""The facts a reading may rest on: each with an id, and its place on the page; the most important first, as many as fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agents.llm.quoting import Quoting

LONGEST = 6_000  # characters of one fact
FRAME = 80  # characters around one


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact before it has its id. `place` is a part of the subject's page (`?node=testing#node`); lower ranks go first."""

    title: str
    text: str
    place: str
    rank: int = 1


@dataclass(frozen=True, slots=True)
class Gathered:
    """The facts that fit, quoted, and what did not, in words."""

    text: str
    facts: tuple[dict[str, str], ...]
    left_out: str = ""


def gather(facts: Sequence[Fact], room: int, quoting: Quoting) -> Gathered:
    """Number the facts in order of rank and quote them, as far as `room` (characters) goes."""
    shown: list[str] = []
    kept: list[dict[str, str]] = []
    missing: list[str] = []
    for fact in sorted(facts, key=lambda fact: fact.rank):
        name, text = f"F{len(kept) + 1}", fact.text.strip()[:LONGEST]
        if not text:
            continue
        size = len(text) + len(fact.title) + FRAME
        if size > room:
            missing.append(fact.title)
            continue
        room -= size
        shown.append(quoting.piece(f"fact {name}: {fact.title}", text))
        kept.append({"id": name, "title": fact.title, "place": fact.place})
    left_out = f"It was not shown, for want of room: {', '.join(missing)}." if missing else ""
    return Gathered("\n\n".join(shown), tuple(kept), left_out)
