"""One tool: its name and description are the function's own, its arguments a schema, its answer bounded and redacted."""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from agents import legible
from agents.llm.question import BoundTool, ToolAnswer
from controlplane.core.errors import TimonelError
from controlplane.core.plain import plain
from controlplane.core.redaction import redact, redact_value

log = logging.getLogger(__name__)
MOST_CHARACTERS = 8_000  # of one answer's data, as JSON

A = TypeVar("A", bound=BaseModel)
S = TypeVar("S", bound="Bounded")


class Bounded(Protocol):
    """What every scope has, whatever else its tools look at."""

    def secrets(self) -> frozenset[str]:
        """The values that must not be seen wherever they turn up."""


class Arguments(BaseModel):
    """What every tool's arguments have in common: an argument that is not known is an error, not a shrug."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool, not yet bound to what it may look at."""

    name: str
    description: str
    arguments: type[BaseModel]
    look: Callable[[Any, Any], ToolAnswer]

    @property
    def proposes(self) -> bool:
        """Whether it makes a proposal; all others only look."""
        return self.name.startswith("propose_")

    def bind(self, scope: Bounded) -> BoundTool:
        """The tool as a model may call it: inside this scope only."""
        return BoundTool(self.name, self.description, self.arguments, lambda arguments: self._answer(scope, arguments))

    def _answer(self, scope: Bounded, arguments: BaseModel) -> ToolAnswer:
        try:
            return bounded(self.look(scope, arguments), scope.secrets())
        except TimonelError as error:
            return ToolAnswer("error", self.name, error=legible.visible(str(error)))
        except OSError as error:  # a log that was rotated away, a mirror that is being made
            log.warning("%s could not look: %s", self.name, error)
            return ToolAnswer("error", self.name, error="What it looks at could not be read just now.")


def tool(arguments: type[A]) -> Callable[[Callable[[S, A], ToolAnswer]], Tool]:
    """Make a tool of a function: what the function's docstring says is what a model is told of it."""

    def made(look: Callable[[S, A], ToolAnswer]) -> Tool:
        return Tool(look.__name__, inspect.cleandoc(look.__doc__ or ""), arguments, look)

    return made


def bounded(answer: ToolAnswer, secrets: frozenset[str] = frozenset()) -> ToolAnswer:
    """The answer redacted, every character of it visible, and no longer than a model should be asked to read."""
    data = _cut(legible.visible_value(redact_value(plain(answer.data), secrets)))
    return replace(answer, asked=legible.visible(redact(answer.asked, secrets)), data=data)


def rows(asked: str, found: Sequence[Any], *, left_out: int = 0) -> ToolAnswer:
    """An answer of rows; none are no data, which is no proof that there is nothing."""
    if not found:
        return ToolAnswer("no_data", asked)
    return ToolAnswer("ok", asked, {"rows": list(found), **({"left_out": left_out} if left_out else {})})


def _cut(data: Any) -> Any:
    """Rows and lines are left out from the end, and how many is said."""
    if len(json.dumps(data, ensure_ascii=False)) <= MOST_CHARACTERS:
        return data
    if isinstance(data, dict) and isinstance(data.get("rows"), list):
        return _fewer(data)
    return {"cut": json.dumps(data, ensure_ascii=False)[:MOST_CHARACTERS]}


def _fewer(data: dict[str, Any]) -> dict[str, Any]:
    kept: list[Any] = []
    size = 0
    for row in data["rows"]:
        size += len(json.dumps(row, ensure_ascii=False)) + 2
        if size > MOST_CHARACTERS:
            break
        kept.append(row)
    return {**data, "rows": kept, "left_out": int(data.get("left_out", 0)) + len(data["rows"]) - len(kept)}
