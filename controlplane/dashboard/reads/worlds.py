"""What a change would do on a cluster, as its stored preview says: a comparison for each object, and what would be removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controlplane.dashboard.drawing.difference import Pair, Row, paired
from workloads import foreseen
from workloads.foreseen import Clash, Removal


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


def world(document: Mapping[str, Any]) -> World | None:
    """The world of one action's preview, or None where it is of this machine."""
    told = document.get("world")
    if not told:
        return None
    found = foreseen.read(told)
    objects = tuple(Compared(one.title, one.what, paired(pairs(one.diff.splitlines())), one.clashes) for one in found.differences)
    strategy = found.strategy.replace("_", "-")
    return World(found.where, strategy, found.steps, objects, found.removals, found.same, found.notes)


def pairs(lines: Sequence[str]) -> list[Pair]:
    """The lines of a unified diff side by side: what is taken away beside what comes instead."""
    result: list[Pair] = []
    gone: list[str] = []
    come: list[str] = []
    for line in [*lines, " "]:
        if line.startswith("-"):
            gone.append(line[1:])
        elif line.startswith("+"):
            come.append(line[1:])
        else:
            result += _beside(gone, come)
            gone, come = [], []
            text = "..." if line.startswith("@@") else line[1:]
            result.append((text, text))
    return result[:-1] if lines else []


def _beside(gone: Sequence[str], come: Sequence[str]) -> list[Pair]:
    most = max(len(gone), len(come))
    return [(gone[n] if n < len(gone) else None, come[n] if n < len(come) else None) for n in range(most)]
