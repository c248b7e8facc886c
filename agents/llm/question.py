"""What is asked of a model, what it may call, and what comes back: the seam between those who ask and the endpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """The one shape in which a tool answers: `asked` is the exact question that was put outside."""

    status: Literal["ok", "no_data", "error"]
    asked: str
    data: Any = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class BoundTool:
    """A tool that a model may call by name: its arguments are validated by `arguments` before `call` sees them."""

    name: str
    description: str
    arguments: type[BaseModel]
    call: Callable[[BaseModel], ToolAnswer]


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `system` is ours, `text` holds outside data quoted; `shape` is what the answer must parse as."""

    purpose: str  # `summary`, `reading`, `evaluation`
    prompt: str  # the prompt's file and the start of its hash: `security@1f2e3d4c5b6a`
    system: str
    text: str
    shape: type[BaseModel]
    tools: tuple[BoundTool, ...] = ()
    specialist: str = ""
    run: int | None = None
    environment: int | None = None  # where no run says it


def _nobody(call: int) -> None:
    """Nobody follows."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Watch:
    """Whoever follows a question while it is asked: told the ModelCall whose record has news, and asked whether it is over."""

    told: Callable[[int], None] = _nobody
    over: Callable[[], bool] = _never


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question: a value of its shape, or in `why_not` the reason, for a person, that there is none."""

    value: BaseModel | None
    why_not: str = ""
    calls: tuple[int, ...] = field(default_factory=tuple)  # ModelCall rows
