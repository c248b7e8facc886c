"""One process of an instance: started, adopted, restarted with backoff, stopped gracefully."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workloads.adapters import processes
from workloads.adapters.processes import Identity
from workloads.host import launch

log = logging.getLogger(__name__)
GRACE = 30.0  # seconds from SIGTERM to SIGKILL
FIRST_DELAY = 1.0
LONGEST_DELAY = 60.0
HEALTHY_AFTER = 60.0  # seconds after which an exit counts as the first one again


@dataclass(frozen=True, slots=True)
class Launch:
    """What to run: the program with its arguments, where, and its whole environment."""

    argv: tuple[str, ...]
    folder: Path
    environment: dict[str, str]


class Process:
    """Moves towards what is wanted at each `tick`; times are seconds of one monotonic clock, given by the caller."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.restarts = 0
        self.exit_code: int | None = None
        self.next_start = 0.0
        self.started: float | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._asked_to_stop: float | None = None
        self.identity: Identity | None = processes.read_identity(self.pid_file)
        self.adopted = self.identity is not None

    @property
    def pid_file(self) -> Path:
        """Where the process itself wrote who it is."""
        return self.folder / f"{self.name}.pid"

    @property
    def log_file(self) -> Path:
        """Where it writes its output."""
        return self.folder / f"{self.name}.log"

    @property
    def alive(self) -> bool:
        """Whether it ran when last looked at."""
        return self.identity is not None

    @property
    def failing(self) -> bool:
        """Whether it ended by itself and waits for its next start."""
        return not self.alive and self.restarts > 0

    def tick(self, wanted: Launch | None, now: float, grace: float = GRACE) -> None:
        """Notice an exit; then start what is wanted, or stop what is not."""
        self._notice_exit(now)
        if self.identity is None:
            if wanted is not None and now >= self.next_start:
                self._start(wanted, now)
        elif wanted is None or self._asked_to_stop is not None:
            self._stop(self.identity, now, grace)

    def facts(self) -> dict[str, Any]:
        """What a row shows of it."""
        return {
            "pid": self.identity.pid if self.identity else None,
            "created": self.identity.born if self.identity else None,
            "restarts": self.restarts,
            "exit_code": self.exit_code,
            "adopted": self.adopted,
        }

    def _start(self, wanted: Launch, now: float) -> None:
        try:
            self._child = self._spawn(wanted)
        except OSError as error:
            log.error("%s in %s cannot be started in %s: %s", self.name, self.folder.name, wanted.folder, error.strerror)
            self.started = now
            return self._count_exit(launch.NOT_STARTED, now)
        self.identity = processes.identify(self._child.pid)
        self.started, self.adopted, self._asked_to_stop = now, False, None
        log.info("started %s in %s as %s", self.name, self.folder.name, self._child.pid)
        return None

    def _spawn(self, wanted: Launch) -> subprocess.Popen[bytes]:
        self.folder.mkdir(parents=True, exist_ok=True)
        script = [sys.executable, "-I", "-S", launch.__file__, str(self.pid_file)]
        with self.log_file.open("ab") as output:
            return subprocess.Popen(
                [*script, *wanted.argv],
                cwd=wanted.folder,
                env=wanted.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _stop(self, identity: Identity, now: float, grace: float) -> None:
        if self._asked_to_stop is None:
            self._asked_to_stop = now
            processes.send(identity, signal.SIGTERM)
        elif now - self._asked_to_stop > grace:
            log.warning("%s in %s did not stop in %.0f s: killed", self.name, self.folder.name, grace)
            processes.kill_session(identity)

    def _notice_exit(self, now: float) -> None:
        if self._child is not None:
            code = self._child.poll()
            if code is None:
                return
        elif self.identity is None or processes.alive(self.identity):
            return
        else:
            code = None  # not our child: only its parent is told how it ended
        if self.identity is not None:
            processes.kill_session(self.identity)
        self._count_exit(code, now)

    def _count_exit(self, code: int | None, now: float) -> None:
        asked = self._asked_to_stop is not None
        log.info("%s in %s ended (%s)", self.name, self.folder.name, "asked to" if asked else f"exit code {code}")
        lived = now - self.started if self.started is not None else HEALTHY_AFTER
        self.restarts = 0 if asked else (1 if lived >= HEALTHY_AFTER else self.restarts + 1)
        self.next_start = now if asked else now + backoff(self.restarts)
        self.exit_code, self.identity, self._child, self._asked_to_stop = code, None, None, None


def backoff(restarts: int) -> float:
    """Seconds to wait before the next start: 1, 2, 4, ... 60."""
    return min(FIRST_DELAY * 2.0 ** (restarts - 1), LONGEST_DELAY)
