"""The briefing as text: what Timonel says stands plain, what others wrote is quoted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import override

from agents import legible
from agents.briefing.cutting import LeftOut, cut, tokens
from agents.briefing.items import Item, Subject, items

LONGEST_SUMMARY = 1_500  # characters
NOTHING = "(there is neither evidence nor a finding)"


@dataclass(frozen=True, slots=True)
class Briefing:
    """`titles` names each piece that is in the text, by the id an answer may cite; `left_out` is what is not."""

    text: str
    titles: Mapping[str, str]
    left_out: tuple[LeftOut, ...]

    def said_left_out(self) -> str:
        """What is not in it, in the reader's language; empty where everything is."""
        return " ".join(one.sentence() for one in self.left_out)


def brief(subject: Subject, budget: int) -> Briefing:
    """The step as a model is told of it, in at most so many tokens (an estimate); the head is told whatever the budget."""
    head = _head(subject)
    found = cut(items(subject), max(0, budget - tokens(head)))
    with override("en"):
        out = [one.sentence() for one in found.left_out]
    parts = [
        head,
        *(_piece(item) for item in found.items),
        *(["Left out, so judge nothing by it: " + " ".join(out)] if out else []),
    ]
    text = "\n\n".join(parts if found.items or out else [head, NOTHING])
    return Briefing(text, {item.id: item.title for item in found.items}, found.left_out)


def _head(subject: Subject) -> str:
    told = [
        ("specialist", subject.specialist),
        ("does", subject.purpose),
        ("application", subject.application),
        ("environment", f"{subject.environment} (tier {subject.tier})"),
        ("live there", subject.live or "nothing"),
        ("verdict", subject.verdict.replace("_", " ")),
    ]
    lines = [f"{name}: {legible.one_line(value)}" for name, value in told]
    lines += ["summary:", legible.quoted(subject.summary[:LONGEST_SUMMARY])]
    lines += ["what to do, as Timonel says:", legible.quoted(subject.cure[:LONGEST_SUMMARY])] if subject.cure else []
    return "\n".join(lines)


def _piece(item: Item) -> str:
    return "\n".join([f"[{item.id}] {item.title}", *(f"{legible.MARK}{line}" for line in item.lines)])
