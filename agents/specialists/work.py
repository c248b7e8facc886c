"""What a specialist is, and what it is given to work on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workloads.drivers import Outcome, Say
from workloads.evidence import Assessment
from workloads.models import Application, Environment
from workloads.source.project import Project


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Work:
    """One assessment asked of one specialist.

    `source` is the checkout of the repository; the application's folder in it is `project.folder`. `deadline` is on the
    clock of `time.monotonic`. What only some specialists need has a default.
    """

    run: int
    environment: Environment
    application: Application
    source: Path
    project: Project
    commit: str
    say: Say
    deadline: float
    cancelled: Callable[[], bool] = _never
    live_commit: str | None = None
    # The files of the release that is live, where they are still on this machine.
    live_source: Path | None = None
    # Its interpreter, to ask it what it reads from the database.
    live_python: Path | None = None
    # As workloads.configuration keeps it: {"NAME": {"value": ..., "secret": bool} or {"binding": ..., "secret": bool}}.
    configuration: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    # What the driver saw of the roll-out; for monitoring only.
    outcome: Outcome | None = None
    # The image that CI built, by digest; empty where none was named.
    image: str = ""
    # AgentProfile.options of this specialist.
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where manage.py is."""
        return self.source / self.project.folder

    def remaining(self) -> float:
        """Seconds until the deadline; never negative."""
        return max(0.0, self.deadline - time.monotonic())


@dataclass(frozen=True, slots=True)
class Specialist:
    """One agent: who it is, which tools a model acting for it may hold, and what it finds without any model."""

    name: str
    title: str
    purpose: str
    tools: tuple[str, ...]
    assess: Callable[[Work], Assessment]
    at_node: str = ""
    # The tools whose findings are its own, by the names that facts bear.
    reports: tuple[str, ...] = ()

    @property
    def node(self) -> str:
        """The node of the graphs in which it looks: that of its own name unless told."""
        return self.at_node or self.name
