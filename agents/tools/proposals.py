"""The tools that propose. None acts: each leaves a Change that waits for people, or nothing."""

from __future__ import annotations

from pydantic import Field

from agents import legible, proposals
from agents.llm.question import ToolAnswer
from agents.specialists import registry
from agents.tools.scope import Scope
from agents.tools.tool import Arguments, tool
from controlplane.core.redaction import redact


class Why(Arguments):
    """Why it should be done."""

    why: str = Field(min_length=10, max_length=500, description="One or two sentences: what harms whom, and since when.")
    facts: list[str] = Field(min_length=1, max_length=10, description="The ids of the evidence and findings it rests on.")


@tool(Why)
def propose_rollback(scope: Scope, why: Why) -> ToolAnswer:
    """Propose to people that this environment returns to its last verified release.

    Nothing is done: people see the proposal with your reason, and decide. Propose it once, and only on evidence.
    """
    text = legible.one_line(redact(why.why, scope.secrets()), proposals.LONGEST_WHY)
    facts = [legible.one_line(fact, 20) for fact in why.facts]
    change = proposals.suggest_rollback(scope.step, scope.specialist, registry()[scope.specialist].title, text, facts)
    asked = f"propose a rollback of {scope.environment}"
    return ToolAnswer("ok", asked, {"change": change.pk, "stands": change.get_status_display(), "decided_by": "people"})
