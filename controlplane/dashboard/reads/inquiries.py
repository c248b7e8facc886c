"""Questions about an environment as their page shows them: the one that is looked at, its evidence and steps, and those before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agents import inquiries, shelves
from agents.llm import endpoints
from agents.models import Inquiry, ModelCall, Reading
from controlplane.core.actors import Actor
from controlplane.core.errors import NotFound
from workloads.models import Environment

HISTORY = 20
PAGES = {"change": "change", "incident": "incident", "knowledge": "knowledge-document"}
EXAMPLES: tuple[str | Promise, ...] = (
    _("What is wrong, and why?"),
    _("What changed just before it began?"),
    _("Who is affected, and since when?"),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence, with the page of what it is of, where there is one that the reader may open."""

    id: str
    source: str
    where: str
    text: str
    at: datetime | str  # as it says it, where that is no moment
    url: str
    cited: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of a model and what it rests on."""

    text: str
    evidence: tuple[Piece, ...]


@dataclass(frozen=True)
class Shown:
    """One inquiry with everything its page tells."""

    inquiry: Inquiry
    calls: tuple[ModelCall, ...]
    pieces: dict[str, Piece]

    @property
    def reading(self) -> Reading:
        """Where it stands."""
        return self.inquiry.reading

    @property
    def open(self) -> bool:
        """Whether its answer is still to come."""
        return self.reading.status in Reading.UNFINISHED

    @cached_property
    def claims(self) -> list[Claim]:
        """What the answer rests on, step by step."""
        return [self._claim(one) for one in self.inquiry.claims]

    @cached_property
    def differs(self) -> Claim | None:
        """What the model says is wrong with the engine's explanation."""
        return self._claim(self.inquiry.differs) if self.inquiry.differs else None

    @cached_property
    def rests_on(self) -> list[Piece]:
        """What the answer itself names."""
        named = [str(fact.get("id", "")) for fact in self.reading.facts]
        return [self.pieces[id] for id in named if id in self.pieces]

    @cached_property
    def passages(self) -> list[Piece]:
        """What is written down for it."""
        return [one for one in self.pieces.values() if one.source == "knowledge"]

    @cached_property
    def seen(self) -> list[Piece]:
        """All other evidence, what the answer names first."""
        rest = [one for one in self.pieces.values() if one.source != "knowledge"]
        return sorted(rest, key=lambda one: not one.cited)

    @property
    def tools(self) -> int:
        """How many tools were called."""
        return sum(len(call.tools) for call in self.calls)

    @property
    def tokens(self) -> int:
        """Of all calls."""
        return sum(call.tokens for call in self.calls)

    def _claim(self, one: dict[str, Any]) -> Claim:
        return Claim(str(one.get("text", "")), tuple(self.pieces[id] for id in one.get("evidence") or [] if id in self.pieces))


def of(actor: Actor, environment: Environment, number: str = "") -> dict[str, Any]:
    """What the page of an environment shows. Raises NotFound for a number of somewhere else."""
    rows = inquiries.visible(actor).filter(environment=environment)
    history = list(rows.defer("evidence", "claims")[:HISTORY])
    named = int(number) if number.isdecimal() and len(number) < 18 else 0
    found = rows.filter(pk=named).first() if number else rows.first()
    if number and found is None:
        raise NotFound(f"There is no question {number} about {environment}.")
    return {
        "environment": environment,
        "shown": _shown(actor, found) if found else None,
        "history": history,
        "examples": EXAMPLES,
        "endpoint": endpoints.meant("investigator"),
    }


def _shown(actor: Actor, inquiry: Inquiry) -> Shown:
    cited = {str(fact.get("id", "")) for fact in inquiry.reading.facts}
    cited |= {id for one in [*inquiry.claims, inquiry.differs] for id in one.get("evidence") or []}
    readable = _readable(actor, inquiry.evidence)
    pieces = {str(one["id"]): _piece(one, cited, readable) for one in inquiry.evidence}
    return Shown(inquiry, tuple(inquiry.reading.calls.order_by("pk")), pieces)


def _readable(actor: Actor, evidence: Iterable[dict[str, Any]]) -> set[int]:
    """Which of the documents that are named the actor may open."""
    numbers = {int(one.get("number") or 0) for one in evidence if one.get("source") == "knowledge"}
    return set(shelves.documents(actor).filter(pk__in=numbers - {0}).values_list("pk", flat=True)) if numbers - {0} else set()


def _piece(one: dict[str, Any], cited: set[str], readable: set[int]) -> Piece:
    source, number, id = str(one.get("source", "")), int(one.get("number") or 0), str(one["id"])
    page = PAGES.get(source) if number and (source != "knowledge" or number in readable) else None
    url = reverse(page, args=[number]) if page else ""
    return Piece(id, source, str(one.get("where", "")), str(one.get("text", "")), _moment(str(one.get("at", ""))), url, id in cited)


def _moment(text: str) -> datetime | str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return found if found.tzinfo else text
