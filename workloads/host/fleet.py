"""All processes of all instances: brings what runs to what is wanted, a step at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workloads.host import logs
from workloads.host.ports import accepts
from workloads.host.process import GRACE, Process
from workloads.host.wanted import WEB, Wanted, WantedInstance
from workloads.models import Instance

log = logging.getLogger(__name__)
DRAIN = 30.0  # seconds an instance that should stop may finish its requests
Drained = Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class Observed:
    """What an instance was seen to be."""

    id: int
    environment: int | None
    status: str
    processes: dict[str, Any]


@dataclass(slots=True)
class Copy:
    """One instance on this machine."""

    id: int
    folder: Path
    environment: int | None = None  # unknown of what a former host left and nobody wants
    processes: dict[str, Process] = field(default_factory=dict)
    listening: bool = False
    unwanted_since: float | None = None

    def process(self, name: str) -> Process:
        """The process of this name; adopted when it already runs."""
        if name not in self.processes:
            self.processes[name] = Process(name, self.folder)
        return self.processes[name]

    @property
    def background(self) -> bool:
        """Whether any process beside the web process runs."""
        return any(process.alive for name, process in self.processes.items() if name != WEB)

    @property
    def alive(self) -> bool:
        """Whether anything of it runs."""
        return any(process.alive for process in self.processes.values())


class Fleet:
    """Runs in one thread; `tick` never waits for a process."""

    def __init__(self, root: Path, drained: Drained) -> None:
        self._root = root
        self._drained = drained
        self.copies: dict[int, Copy] = {}

    def adopt(self) -> None:
        """Find what a former host left running, whether or not it is still wanted."""
        for pid_file in self._root.glob("*/*.pid"):
            if pid_file.parent.name.isdigit():
                self._copy(int(pid_file.parent.name)).process(pid_file.stem)

    def tick(self, wanted: Wanted, now: float, grace: float = GRACE) -> list[Observed]:
        """One step for every process; what they are seen to be afterwards."""
        for key, instance in wanted.instances.items():
            self._copy(key).environment = instance.environment
        for copy in list(self.copies.values()):
            self._step(copy, wanted.instances.get(copy.id), now, grace)
        observed = [observe(copy, wanted.instances.get(copy.id)) for copy in self.copies.values()]
        for copy in [copy for copy in self.copies.values() if copy.id not in wanted.instances and not copy.alive]:
            del self.copies[copy.id]
        return observed

    def rotate_logs(self) -> None:
        """Keep the logs of all instances within bounds."""
        for copy in list(self.copies.values()):
            try:
                logs.rotate(copy.folder)
            except OSError as error:  # a full disk: what runs goes on
                log.error("the logs of instance %s cannot be rotated: %s", copy.id, error)

    def _copy(self, key: int) -> Copy:
        if key not in self.copies:
            self.copies[key] = Copy(key, self._root / str(key))
        return self.copies[key]

    def _step(self, copy: Copy, wanted: WantedInstance | None, now: float, grace: float) -> None:
        if wanted is not None and not wanted.launches:
            return  # how to start it cannot be told now: what runs is left alone
        launches = wanted.launches if wanted is not None else {}
        waits = wanted is None and self._still_draining(copy, now)
        background = wanted is not None and self._may_run_background(wanted)
        for name in {*launches, *copy.processes}:
            if name == WEB and waits:
                continue
            copy.process(name).tick(launches.get(name) if name == WEB or background else None, now, grace)
        if wanted is not None:
            copy.unwanted_since = None
        copy.listening = _listens(copy, wanted)

    def _still_draining(self, copy: Copy, now: float) -> bool:
        if copy.unwanted_since is None:
            copy.unwanted_since = now
        return not self._drained(copy.id) and now - copy.unwanted_since < DRAIN

    def _may_run_background(self, wanted: WantedInstance) -> bool:
        """Never two versions at once: the other one's background processes must have ended first."""
        if not wanted.background:
            return False
        others = (copy for copy in self.copies.values() if copy.id != wanted.id)
        return not any(copy.background and copy.environment in {None, wanted.environment} for copy in others)


def observe(copy: Copy, wanted: WantedInstance | None) -> Observed:
    """The status of an instance, from its processes."""
    facts = {name: process.facts() for name, process in sorted(copy.processes.items())}
    return Observed(copy.id, copy.environment, _status(copy, wanted), facts)


def _status(copy: Copy, wanted: WantedInstance | None) -> str:
    if wanted is None:
        return Instance.Status.STOPPING if copy.alive else Instance.Status.STOPPED
    main = copy.processes.get(WEB) or next(iter(copy.processes.values()), None)
    if main is None:
        return Instance.Status.PENDING
    if main.alive:
        return Instance.Status.RUNNING if copy.listening else Instance.Status.STARTING
    return Instance.Status.CRASHING if main.failing else Instance.Status.PENDING


def _listens(copy: Copy, wanted: WantedInstance | None) -> bool:
    web = copy.processes.get(WEB)
    if wanted is None or web is None or not web.alive:
        return web is None and copy.alive
    return copy.listening or accepts(wanted.port)
