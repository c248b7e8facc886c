"""What a model may call when it acts for a specialist: `get_`, `list_` and `search_` look, `propose_` proposes.

Each tool sees one run, its environment and its application, what is written down for them or for everyone, and nothing
else: that scope is given by Timonel, never by the model's arguments. What comes back is bounded and redacted. There is no
tool that acts: a proposal is a Change that waits for people. May import `workloads`, `knowledge`, `controlplane.core` and
the records of `agents`; no model and no graph.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache

from agents.llm.question import BoundTool
from agents.specialists import Specialist
from agents.tools.scope import Scope
from agents.tools.tool import Tool

__all__ = ["Scope", "Tool", "bind", "held", "registry"]


@cache
def registry() -> dict[str, Tool]:
    """Every tool by name: each module's own."""
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    found = [tool for module in modules for tool in vars(module).values() if isinstance(tool, Tool)]
    return {tool.name: tool for tool in found}


def held(specialist: Specialist, allowed: Sequence[str] | None) -> tuple[str, ...]:
    """The names of the tools that a model acting for this specialist holds: its own, of which `allowed` leaves some out."""
    return tuple(name for name in specialist.tools if allowed is None or name in allowed)


def bind(names: Sequence[str], scope: Scope) -> tuple[BoundTool, ...]:
    """The tools of these names, bound to what they may look at."""
    return tuple(registry()[name].bind(scope) for name in names)
