"""What a change would do on a cluster, as its stored preview says: a comparison for each object, and what would be removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controlplane.dashboard.drawing import unified
from controlplane.dashboard.drawing.difference import Row
from workloads import foreseen
from workloads.foreseen import FILE, Clash, Removal


@dataclass(frozen=True, slots=True)
class Compared:
    """One object side by side; it is drawn like any other part of a preview."""

    heading: str
    what: str  # create, change
    rows: tuple[Row, ...]
    clashes: tuple[Clash, ...]

    @property
    def begins(self) -> bool:
        """Whether there is nothing before it."""
        return all(row.kind == "added" for row in self.rows)


@dataclass(frozen=True, slots=True)
class World:
    """Everything that would become otherwise there."""

    where: str
    strategy: str
    steps: tuple[str, ...]
    objects: tuple[Compared, ...]
    removals: tuple[Removal, ...]
    same: int
    notes: tuple[str, ...]
    committed: bool = False  # files of a repository, which somebody syncs

    @property
    def made(self) -> int:
        """How many objects are new."""
        return sum(one.what == "create" for one in self.objects)

    @property
    def changed(self) -> int:
        """How many are there and become otherwise."""
        return len(self.objects) - self.made


def world(document: Mapping[str, Any]) -> World | None:
    """The world of one action's preview, or None where it is of this machine."""
    told = document.get("world")
    if not told:
        return None
    found = foreseen.read(told)
    objects = tuple(Compared(one.title, one.what, unified.rows(one.diff), one.clashes) for one in found.differences)
    strategy = found.strategy.replace("_", "-")
    committed = any(one.kind == FILE for one in found.differences)
    return World(found.where, strategy, found.steps, objects, found.removals, found.same, found.notes, committed)
