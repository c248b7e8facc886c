"""What pages of the knowledge base show: finds with why and marked words, a document by its lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from controlplane.core.actors import Actor
from controlplane.dashboard.drawing import quoted
from controlplane.dashboard.drawing.quoted import Block
from knowledge import feedback
from knowledge.models import Document
from knowledge.retrieval import Found, marks

LINES = 1_000  # of a document on one page
MOST_WORDS = 8
CLOSE, NEAR = 0.5, 0.35  # cosines of all-MiniLM-L6-v2: what answers is seldom below the first, seldom anything below the second
ASKED_LINES = re.compile(r"(\d{1,7})(?:-(\d{1,7}))?")


@dataclass(frozen=True, slots=True)
class Shown:
    """One find as its page shows it."""

    found: Found
    title: SafeString
    headings: Sequence[str]
    blocks: list[Block]
    words: list[str]
    closeness: str | Promise
    helped: bool | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a document, and whether it was asked for."""

    number: int
    text: str
    asked: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some lines of a document; `before` and `after` are the lines that the pages beside it begin with."""

    lines: list[Line]
    count: int
    asked: tuple[int, int] | None
    before: int | None
    after: int | None


def shown(actor: Actor, question: str, found: Sequence[Found]) -> list[Shown]:
    """The finds, each with the words of the question marked in it, and what the person said of it."""
    matched = [set(one.matched) for one in found]
    in_texts = marks.of([one.text for one in found], matched)
    in_titles = marks.of([one.title for one in found], matched)
    told = feedback.given(actor, question, [one.passage for one in found])
    return [
        Shown(
            found=one,
            title=quoted.marked(one.title, titled),
            headings=[heading for heading in one.headings if not one.title.startswith(heading)],
            blocks=quoted.blocks(one.text, texted),
            words=_words([(one.title, titled), (one.text, texted)]),
            closeness=_closeness(one),
            helped=told.get(one.passage),
        )
        for one, titled, texted in zip(found, in_titles, in_texts, strict=True)
    ]


def stretch(document: Document, asked: str, begin: int | None) -> Stretch:
    """The lines from `begin` on; without it, those that `asked` (`12` or `12-20`) names among them."""
    texts = document.text.split("\n")
    wanted = _wanted(asked, len(texts))
    first = begin if begin and begin <= len(texts) else (wanted[0] - 1) // LINES * LINES + 1 if wanted else 1
    last = min(first + LINES - 1, len(texts))
    inside = range(wanted[0], wanted[1] + 1) if wanted else range(0)
    lines = [Line(number, texts[number - 1], number in inside) for number in range(first, last + 1)]
    before = max(first - LINES, 1) if first > 1 else None
    return Stretch(lines, len(texts), wanted, before, last + 1 if last < len(texts) else None)


def _wanted(asked: str, count: int) -> tuple[int, int] | None:
    found = ASKED_LINES.fullmatch(asked)
    if found is None:
        return None
    first = int(found[1])
    last = min(int(found[2] or first), count)
    return (first, last) if 1 <= first <= last else None


def _words(said: Sequence[tuple[str, Sequence[quoted.Span]]]) -> list[str]:
    """The marked words, each once, as they stand there."""
    found: dict[str, str] = {}
    for text, spans in said:
        for begin, end in spans:
            found.setdefault(text[begin:end].casefold(), text[begin:end])
    return list(found.values())[:MOST_WORDS]


def _closeness(found: Found) -> str | Promise:
    """How near its meaning is to the question's; nothing where its meaning did not find it."""
    if found.similarity is None:
        return ""
    if found.similarity >= CLOSE:
        return _("close")
    return _("fairly close") if found.similarity >= NEAR else _("distant")
