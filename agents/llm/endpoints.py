"""Which endpoint is asked, and what one question may take of it."""

from __future__ import annotations

from dataclasses import dataclass

from agents.llm.troubles import NoAnswer
from agents.models import AgentProfile, ModelEndpoint

NONE = "No model is connected."


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one question may take: rounds of tools, calls of tools, tokens of all rounds together."""

    rounds: int = 6
    tool_calls: int = 12
    tokens: int = 60_000


def meant(specialist: str = "") -> ModelEndpoint | None:
    """The endpoint of this specialist's own choice, otherwise the default one; switched on or not, None where there is none."""
    chosen = ModelEndpoint.objects.filter(profiles__name=specialist).first() if specialist else None
    return chosen or ModelEndpoint.objects.filter(is_default=True).first()


def choose(specialist: str = "") -> ModelEndpoint:
    """The endpoint that is asked. Raises NoAnswer where there is none, or where it is switched off.

    A chosen endpoint that is switched off is not replaced: who chose it may have chosen where the data goes.
    """
    endpoint = meant(specialist)
    if endpoint is None:
        raise NoAnswer(NONE, cure="An administrator can connect one (Admin, model endpoints) and make it the default.")
    if not endpoint.enabled:
        raise NoAnswer(f"The model endpoint {endpoint.name} is switched off.")
    return endpoint


def bounds(specialist: str = "") -> Bounds:
    """As the specialist's profile says."""
    found = AgentProfile.objects.filter(name=specialist).first() if specialist else None
    return Bounds(found.most_rounds, found.most_tool_calls, found.most_tokens) if found else Bounds()


def room(specialist: str = "", *, reserved: int = 2_000) -> int:
    """About how many characters the text of a question may have; 0 where nobody can be asked.

    `reserved`: tokens for the system's words, the shape and what tools will say.
    """
    try:
        endpoint = choose(specialist)
    except NoAnswer:
        return 0
    tokens = min(endpoint.context_tokens, bounds(specialist).tokens) - endpoint.answer_tokens - reserved
    return max(0, tokens * 3)
