"""The workflows, one file a graph: state, nodes, routers, build(). Add a file that defines `build` and it is known.

A graph knows no Django and no rows. A node takes the state and its context and answers with an Assessment, whose `data` is
what it changed; `around` (from the runner, or a test) turns it into a node of LangGraph and writes the step down.
Routers are pure. May import `agents.context` and `workloads` words only.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from controlplane.core.errors import Invalid


@cache
def workflows() -> dict[str, ModuleType]:
    """Every workflow by name."""
    modules = {found.name: importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)}
    return {name: module for name, module in modules.items() if hasattr(module, "build")}


def workflow(name: str) -> ModuleType:
    """The workflow of this name."""
    try:
        return workflows()[name]
    except KeyError:
        raise Invalid(f"There is no workflow '{name}'.", cure=f"Use one of: {', '.join(sorted(workflows()))}.") from None
