"""One inquiry from its beginning to its answer: what is kept of it. Decides nothing and changes nothing outside its own rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import close_old_connections
from django.utils.translation import gettext as _

from agents.investigating import asking, beginning
from agents.investigating.shapes import Reply
from agents.investigating.sifting import Kept, sift
from agents.investigating.sight import Sight
from agents.llm.asking import ask
from agents.llm.question import Watch
from agents.models import AgentProfile, Inquiry

MOST_NAMED = 10
OFF = "The investigator is switched off."
NO_EVIDENCE = "What it wrote named no evidence that there is."


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of it. `reading` and `inquiry` are what the two rows keep; `why_not`: why a model added nothing."""

    calls: tuple[int, ...] = ()
    why_not: str = ""
    reading: dict[str, Any] = field(default_factory=dict)
    inquiry: dict[str, Any] = field(default_factory=dict)


def answer(inquiry: Inquiry, watch: Watch, begun: Callable[[dict[str, Any]], None]) -> Answered:
    """Look, tell `begun` what was found so far, then have a model look further and answer."""
    first = beginning.begin(inquiry)
    seen = first.sight
    start = [piece.id for piece in seen.ledger.pieces.values()]
    begun({"diagnosis": seen.diagnosis, "trouble": first.trouble, "evidence": seen.ledger.kept(start)})
    if AgentProfile.objects.filter(name=asking.NAME, enabled=False).exists():
        return Answered(why_not=OFF)
    question = asking.question(inquiry, first)
    close_old_connections()
    said = ask(question, watch=watch)
    if said.value is None:
        return Answered(said.calls, said.why_not)
    assert isinstance(said.value, Reply)
    kept = sift(said.value, seen.ledger.pieces, judged=seen.diagnosis is not None)
    return _kept(said.calls, kept, seen, start)


def _kept(calls: tuple[int, ...], kept: Kept, seen: Sight, start: list[str]) -> Answered:
    reading = {"not_kept": _not_kept(kept)}
    if not kept.rests:
        return Answered(calls, NO_EVIDENCE, reading, {"dropped": kept.dropped})
    inquiry = {
        "claims": kept.claims,
        "stance": kept.stance,
        "differs": kept.differs,
        "unknown": kept.unknown,
        "dropped": kept.dropped,
        "evidence": seen.ledger.kept([*start, *kept.cited]),
    }
    facts = [{"id": one["id"], "title": one["where"], "place": f"#{one['id']}"} for one in seen.ledger.kept(kept.cited)]
    return Answered(calls, "", {**reading, "text": kept.text, "facts": facts}, inquiry)


def _not_kept(kept: Kept) -> str:
    """In words, for whoever reads the answer."""
    if not kept.invented:
        return ""
    return _("It named evidence that does not exist: %(ids)s.") % {"ids": ", ".join(id[:40] for id in kept.invented[:MOST_NAMED])}
