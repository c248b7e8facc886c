"""The investigator's question to a model: what was asked, what the engine found, the evidence so far, and the tools."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from django.utils.translation import get_language_info

from agents import prompts
from agents.investigating import holding
from agents.investigating.beginning import Beginning
from agents.investigating.shapes import Reply
from agents.investigating.sight import Sight
from agents.llm import endpoints
from agents.llm.question import Question
from agents.llm.quoting import Quoting
from agents.models import AgentProfile, Inquiry
from agents.prompts import Prompt

NAME = "investigator"
PURPOSE = "inquiry"
RESERVED = 6_000  # tokens for the prompt, the shape, and what tools say
LEAST = 2_000  # characters of evidence that are shown however small the model is


def question(inquiry: Inquiry, begun: Beginning) -> Question:
    """What is asked; the answer may name whatever is in the ledger then."""
    profile = AgentProfile.objects.filter(name=NAME).first()
    prompt, quoting = prompt_of(profile), Quoting()
    return Question(
        purpose=PURPOSE,
        prompt=prompt.reference,
        system=f"{prompt.text}\n\n{quoting.rule}",
        text=_text(inquiry, begun, quoting),
        shape=Reply,
        tools=holding.bind(begun.sight, profile.tools if profile else None),
        specialist=NAME,
        environment=inquiry.environment_id,
    )


def prompt_of(profile: AgentProfile | None) -> Prompt:
    """The investigator's prompt; what an administrator wrote stands before it and replaces none of its rules."""
    own = prompts.load(NAME)
    if profile is None or not profile.prompt.strip():
        return own
    text = f"{profile.prompt.strip()}\n\n{own.text}"
    return replace(own, name=f"{NAME} (own text)", text=text, digest=hashlib.sha256(text.encode()).hexdigest())


def _text(inquiry: Inquiry, begun: Beginning, quoting: Quoting) -> str:
    parts = [
        quoting.piece("the question", inquiry.question),
        *([quoting.piece("the incident", inquiry.incident.title)] if inquiry.incident else []),
        f"It is about the environment {inquiry.environment} (tier {inquiry.environment.tier}).",
        _engine(begun, quoting),
        _evidence(begun.sight, quoting),
        f"Write in {_language(inquiry.language)}.",
    ]
    return "\n\n".join(part for part in parts if part)


def _engine(begun: Beginning, quoting: Quoting) -> str:
    found = begun.sight.diagnosis
    if found is None:
        return "The engine has no result here." + (f" It could not look: {begun.trouble}" if begun.trouble else "")
    age = f"It looked at {found.finished_at:%Y-%m-%d %H:%M:%S} UTC."
    late = f" A newer look failed: {begun.trouble}" if begun.trouble else ""
    return f"{age}{late}\n" + quoting.piece("the engine's result", f"{found.verdict}: {found.summary}")


def _evidence(seen: Sight, quoting: Quoting) -> str:
    """As much of what was found as fits, the engine's first."""
    room = max(LEAST, min(24_000, endpoints.room(NAME, reserved=RESERVED)))
    shown, left_out = list[str](), 0
    for piece in seen.ledger.pieces.values():
        told = f"{piece.id} | {piece.where}{f' | {piece.at}' if piece.at else ''}\n{piece.text}"
        if len(told) > room:
            left_out += 1
            continue
        room -= len(told)
        shown.append(told)
    missing = f"\n{left_out} more pieces were left out; tools give them." if left_out else ""
    return quoting.piece("evidence so far", "\n\n".join(shown)) + missing if shown else "There is no evidence yet."


def _language(code: str) -> str:
    return str(get_language_info(code or "en")["name"])
