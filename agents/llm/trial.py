"""Trying an endpoint: a tiny question, so that an administrator knows before a run does."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

from pydantic import BaseModel

from agents import prompts
from agents.llm.asking import ask
from agents.llm.question import Answer, Question
from agents.models import ModelCall, ModelEndpoint

MOST_SECONDS = 20


class Echo(BaseModel):
    """What is asked for."""

    word: str
    number: int


@dataclass(frozen=True, slots=True)
class Tried:
    """What came. `well`: it answered, in the shape and in the way that the endpoint is set to."""

    well: bool
    answered: bool
    model: str
    latency_ms: int
    tokens: int
    counted: bool
    shaped_by: str
    why_not: str
    calls: tuple[int, ...]


def attempt(endpoint: ModelEndpoint) -> Tried:
    """Ask it, switched on or not. It takes MOST_SECONDS at most; its calls are recorded and count like all others."""
    asked = copy(endpoint)
    asked.timeout_seconds, asked.stall_seconds = min(MOST_SECONDS, asked.timeout_seconds), min(MOST_SECONDS, asked.stall_seconds)
    answer = ask(_question(), endpoint=asked)
    calls = list(ModelCall.objects.filter(pk__in=answer.calls).order_by("pk"))
    heard = [call for call in calls if call.status in (ModelCall.Status.OK, ModelCall.Status.BROKEN)]
    last = heard[-1] if heard else None
    return Tried(
        well=_is_right(answer) and len(calls) == 1,
        answered=last is not None,
        model=last.model if last else "",
        latency_ms=(last.latency_ms or 0) if last else 0,
        tokens=sum(call.tokens for call in calls),
        counted=not any(call.estimated for call in calls),
        shaped_by=str(endpoint.get_structured_display()),
        why_not=answer.why_not,
        calls=answer.calls,
    )


def _question() -> Question:
    prompt = prompts.load("trial")
    return Question(
        purpose="trial", prompt=prompt.reference, system=prompt.text, text="The word is harbour, the number is 7.", shape=Echo
    )


def _is_right(answer: Answer) -> bool:
    return isinstance(answer.value, Echo) and answer.value.number == 7 and answer.value.word.lower() == "harbour"
