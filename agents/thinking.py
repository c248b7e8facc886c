"""A specialist's question to a model: its prompt, its tools, and what its step found. The verdict stands whatever is answered."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Literal

from django.conf import settings
from django.utils.translation import get_language, get_language_info
from pydantic import BaseModel, Field

from agents import prompts
from agents.briefing import Briefing
from agents.llm.question import BoundTool, Question
from agents.models import AgentProfile
from agents.prompts import Prompt

RULES = "step"  # the prompt that every specialist's own is followed by


class Risk(BaseModel):
    text: str = Field(min_length=1, max_length=500, description="What may go wrong, and for whom, in one plain sentence.")
    level: Literal["low", "medium", "high"]
    facts: list[str] = Field(description="The ids of the facts that say so, such as F2.")


class Told(BaseModel):
    text: str = Field(min_length=1, max_length=2_000, description="Two to five plain sentences. No headings, no lists.")
    facts: list[str] = Field(description="The ids of the facts that this rests on, such as F1.")
    risks: list[Risk] = Field(max_length=5, description="The gravest first; empty where the facts name none.")


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


def language() -> str:
    """The language that the reader most likely reads, by its English name."""
    return str(get_language_info(get_language() or settings.LANGUAGE_CODE)["name"])
