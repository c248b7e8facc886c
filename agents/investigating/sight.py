"""What one inquiry may look at: one environment, the Snapshot of it, and what it is told under which id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from agents import legible
from agents.investigating.ledger import Ledger
from agents.llm.question import ToolAnswer
from agents.secrets import known_secrets
from agents.tools import Tool
from controlplane.core.redaction import disguised, redact
from workloads import pictures
from workloads.diagnosis.snapshot import Snapshot
from workloads.host import place
from workloads.models import Application, Diagnosis, Environment, Target

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sight:
    """Given by Timonel; a model's arguments choose inside it and cannot widen it."""

    environment: Environment
    ledger: Ledger = field(default_factory=Ledger)
    snapshot: Snapshot | None = None
    diagnosis: Diagnosis | None = None
    target: Target | None = None
    known: frozenset[str] = frozenset()

    @property
    def application(self) -> Application:
        """What runs there."""
        return self.environment.application

    @property
    def namespace(self) -> str:
        """Where on the cluster; empty where it runs on none."""
        return self.target.namespace if self.target else ""

    def secrets(self) -> frozenset[str]:
        """The values that must not be seen wherever they turn up."""
        return self.known

    def note(self, source: str, where: str, text: str, at: str = "", number: int = 0) -> str:
        """Keep a piece of evidence, redacted and every character of it visible; its id."""
        shown = [legible.visible(redact(one, self.known)) for one in (where, text, at)]
        return self.ledger.note(source, shown[0], shown[1], shown[2], number)


def of(environment: Environment) -> Sight:
    """A sight of it, with no evidence yet."""
    target = Target.objects.select_related("cluster").filter(environment=environment).first()
    values = pictures.secrets_of(environment) | known_secrets(None, environment.pk)
    return Sight(environment, target=target, known=frozenset(one for one in disguised(values) if len(one) >= place.SHORTEST_SECRET))


def cited(tool: Tool, source: str, where: Callable[[Row], str], text: Callable[[Row], str]) -> Tool:
    """The tool of specialists as the investigator holds it: each row of its answer is a piece of evidence with an id."""

    def look(sight: Sight, arguments: Any) -> ToolAnswer:
        answer = tool.look(sight, arguments)
        if not isinstance(answer.data, dict) or not isinstance(answer.data.get("rows"), list):
            return answer
        rows = [{"evidence": sight.note(source, where(row), text(row)), **row} for row in answer.data["rows"]]
        return replace(answer, data={**answer.data, "rows": rows})

    return replace(tool, look=look)
