"""A specialist's question to a model: its prompt, its tools, and what its step found. The verdict stands whatever is answered."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from django.conf import settings
from django.utils.translation import get_language, get_language_info

from agents import prompts
from agents.briefing import Briefing
from agents.llm import endpoints
from agents.llm.question import BoundTool, Question
from agents.models import AgentProfile, ModelEndpoint
from agents.prompts import Prompt
from agents.readings.shapes import Told

RULES = "step"  # the prompt that every specialist's own is followed by


MOST_TOKENS = 8_000  # of a briefing: what is not among the gravest is looked up with tools
RESERVED = 4_000  # tokens for the prompt, the shape, and what tools say


def question(
    told: Briefing, profile: AgentProfile, bound: tuple[BoundTool, ...], *, purpose: str = "reading", run: int | None = None
) -> Question:
    """What is asked for the specialist of this profile; `bound` are the tools it holds, bound to what they may look at."""
    prompt = prompt_of(profile)
    return Question(
        purpose=purpose,
        prompt=prompt.reference,
        system=prompt.text,
        text=f"{told.text}\n\nWrite in {language()}.",
        shape=Told,
        tools=bound,
        specialist=profile.name,
        run=run,
    )


def prompt_of(profile: AgentProfile) -> Prompt:
    """What a model acting for this specialist is told: its own prompt or the administrator's, then the rules for all.

    The rules stay whatever an administrator writes: what may be said, and what a quotation is, is not theirs to drop.
    """
    own = prompts.load(profile.name)
    if profile.prompt.strip():
        own = replace(own, name=f"{profile.name} (own text)", text=profile.prompt.strip())
    text = f"{own.text}\n\n{prompts.load(RULES).text}"
    return Prompt(own.name, text, hashlib.sha256(text.encode()).hexdigest())


def room(specialist: str, endpoint: ModelEndpoint | None = None) -> int:
    """Tokens that a briefing for it may have; `endpoint`: of this one, not of the specialist's or the default one."""
    if endpoint is None:
        return min(MOST_TOKENS, endpoints.room(specialist, reserved=RESERVED) // 3)
    return min(MOST_TOKENS, max(0, endpoint.context_tokens - endpoint.answer_tokens - RESERVED))


def language() -> str:
    """The language that the reader most likely reads, by its English name."""
    return str(get_language_info(get_language() or settings.LANGUAGE_CODE)["name"])
