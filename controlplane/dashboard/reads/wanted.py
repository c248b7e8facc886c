"""What an environment should run against what its host sees running, and when it looked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from workloads.models import Instance, Release

FRESH = timedelta(minutes=1)  # the host looks every few seconds
RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Process:
    """A process that should run, or one that runs although nobody wants it; `state` is a word of the vocabulary."""

    name: str
    wanted: bool
    state: str

    @property
    def as_wanted(self) -> bool:
        """Whether it is as it should be."""
        return self.wanted == (self.state == RUNNING)


@dataclass(frozen=True, slots=True)
class Standing:
    """The live release and the one that has the traffic, their processes, and when the host looked."""

    wanted: Release | None
    running: Release | None
    processes: tuple[Process, ...]
    looked_at: datetime | None
    fresh: bool

    @property
    def same_release(self) -> bool:
        """Whether what is live is what has the traffic."""
        return (self.wanted and self.wanted.pk) == (self.running and self.running.pk)

    @property
    def differing(self) -> tuple[Process, ...]:
        """The processes that are not as they should be."""
        return tuple(process for process in self.processes if not process.as_wanted)


def standing(release: Release | None, instance: Instance | None, now: datetime) -> Standing:
    """The live release against the copy that has the traffic, as it was seen last."""
    planned = release.run_plan.get("processes", {}) if release else {}
    seen = instance.processes if instance else {}
    names = list(dict.fromkeys([*planned, *seen]))
    looked_at = instance.observed_at if instance else None
    return Standing(
        wanted=release,
        running=instance.release if instance else None,
        processes=tuple(Process(name, name in planned, state_of(seen.get(name))) for name in names),
        looked_at=looked_at,
        fresh=looked_at is not None and now - looked_at < FRESH,
    )


def state_of(facts: Mapping[str, Any] | None) -> str:
    """How a process is, by what the host wrote of it."""
    if facts is None:
        return "not_running"
    return "crashing" if facts.get("next_start_at") else RUNNING if facts.get("pid") else "pending"
