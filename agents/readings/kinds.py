"""Which module gathers the facts of which kind of reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agents import prompts
from agents.llm import endpoints
from agents.llm.question import Question
from agents.llm.quoting import Quoting
from agents.models import Reading
from agents.readings import failures, plans, steps
from agents.readings.facts import Fact, Gathered, gather
from agents.readings.shapes import Told

Kind = Reading.Kind


@dataclass(frozen=True, slots=True)
class Brief:
    """What is asked for one reading, and the facts that its answer may name."""

    question: Question
    gathered: Gathered


Facts = Callable[[Reading], list[Fact]]
FACTS: dict[str, tuple[str, Facts]] = {
    Kind.PLAN: ("plan", plans.facts),
    Kind.FAILURE: ("failure", failures.facts),
}


def brief(reading: Reading) -> Brief:
    """The question for this reading. Raises KeyError for a kind that nobody gathers facts for."""
    if reading.kind == Kind.FINDINGS:
        return Brief(*steps.question(reading))
    name, facts = FACTS[reading.kind]
    prompt, quoting = prompts.load(name), Quoting()
    gathered = gather(facts(reading), endpoints.room(reading.specialist), quoting)
    question = Question(
        purpose="summary",
        prompt=prompt.reference,
        system=f"{prompt.text}\n\n{quoting.rule}",
        text=gathered.text,
        shape=Told,
        specialist=reading.specialist,
        run=reading.run_id,
    )
    return Brief(question, gathered)
