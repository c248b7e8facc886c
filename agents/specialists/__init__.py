"""The specialists, one file an agent: add a file that defines SPECIALIST and it is known.

A specialist is deterministic: it runs tools on the source, in the release's own environment, and turns what they say into
an Assessment. It proposes nothing here and has no effect on the world. May import `workloads` and `controlplane.core`.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from agents.specialists.work import Specialist, Work

__all__ = ["Specialist", "Work", "registry"]


@cache
def registry() -> dict[str, Specialist]:
    """Every specialist by name."""
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    found = (getattr(module, "SPECIALIST", None) for module in modules)
    return {specialist.name: specialist for specialist in found if specialist is not None}
