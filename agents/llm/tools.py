"""Tools in a conversation: offered by name, called only by exactly that name, with arguments of their schema."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, ValidationError

from agents.llm.question import BoundTool, ToolAnswer
from controlplane.core.errors import LeaseLost, TimonelError
from controlplane.core.plain import plain
from controlplane.core.redaction import redact, redact_value

log = logging.getLogger(__name__)
LONGEST = 8_000  # characters of a tool's answer that a model is shown
MOST_KEPT = 2_000  # characters of arguments and answers in the record of a call


def offered(tools: tuple[BoundTool, ...]) -> list[dict[str, Any]]:
    """The tools as an endpoint is told of them."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.arguments.model_json_schema(),
            },
        }
        for tool in tools
    ]


def use(tools: tuple[BoundTool, ...], name: str, arguments: str) -> ToolAnswer:
    """Call the tool; a name that was not offered, or arguments that do not fit, are answered and call nothing."""
    tool = next((tool for tool in tools if tool.name == name), None)
    if tool is None:
        names = ", ".join(tool.name for tool in tools)
        return ToolAnswer("error", name[:100], error=f"There is no such tool. The tools are: {names}.")
    try:
        fitting = tool.arguments.model_validate_json(arguments or "{}")
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:10])
        return ToolAnswer("error", name, error=f"The arguments do not fit, so nothing was asked: {lines}")
    return _call(tool, fitting)


def shown(answer: ToolAnswer, secrets: frozenset[str]) -> str:
    """The answer as the model reads it: redacted, and cut with a word that says so."""
    text = redact(json.dumps(redact_value(plain(asdict(answer)), secrets), ensure_ascii=False, default=str), secrets)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ... cut: {len(text) - LONGEST} more characters"


def recorded(name: str, arguments: str, answer: ToolAnswer, secrets: frozenset[str]) -> dict[str, str]:
    """The call as its record keeps it."""
    return {
        "name": redact(name, secrets)[:100],
        "arguments": redact(arguments, secrets)[:MOST_KEPT],
        "status": answer.status,
        "result": shown(answer, secrets)[:MOST_KEPT],
    }


def _call(tool: BoundTool, arguments: BaseModel) -> ToolAnswer:
    try:
        return tool.call(arguments)
    except LeaseLost:
        raise
    except TimonelError as error:
        return ToolAnswer("error", tool.name, error=str(error))
    except Exception:  # a tool of ours that breaks ends no conversation
        log.exception("tool %s", tool.name)
        return ToolAnswer("error", tool.name, error="The tool broke; its log says more.")
