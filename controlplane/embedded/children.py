"""The supervisor's children: what they run, with which environment, and how they are started, restarted and stopped."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from controlplane.embedded import processes
from controlplane.embedded.processes import Identity

LONGEST_PAUSE = 30.0  # seconds between restarts of a child that keeps ending
STEADY_AFTER = 30.0  # a child that ran this long starts with no pause again
LOG_LIMIT = 20 * 2**20  # bytes; the one before is kept beside it


@dataclass(frozen=True, slots=True)
class Program:
    """What a child runs."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 10.0


@dataclass(slots=True)
class Child:
    """One program kept running."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    identity: Identity | None = None
    failures: int = 0
    started_at: float = 0.0
    next_start_at: float = 0.0
    asked: bool = False

    def start(self) -> None:
        """Start the program in a session of its own: Ctrl-C in the terminal reaches the supervisor only."""
        rotate(self.program.log)
        with self.program.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.program.command,
                env=dict(self.program.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self.program.user,
                cwd="/" if self.program.user else None,
                start_new_session=True,
            )
        self.started_at, self.asked = time.monotonic(), False
        with contextlib.suppress(psutil.NoSuchProcess):
            self.identity = Identity.of(self.process.pid)

    @property
    def running(self) -> bool:
        """Whether the process is there now."""
        return self.process is not None and self.process.poll() is None

    def keep(self, now: float) -> str | None:
        """Restart the program if it ended and its pause is over; return a sentence to tell when it just ended."""
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return None
            return self._note_end(code, now)
        if now >= self.next_start_at:
            self.start()
        return None

    def ask_to_stop(self) -> None:
        """Ask the program to end, once: some take a second signal for impatience."""
        if self.running and self.process is not None and not self.asked:
            self.process.send_signal(self.program.stop_signal)
            self.asked = True

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """Ask, wait for the grace (unless somebody is in a hurry), then end the program and what is left of its group."""
        if self.process is None:
            return
        self.ask_to_stop()
        end = time.monotonic() + self.program.grace_seconds
        while self.running and time.monotonic() < end and not hurry():
            time.sleep(0.02)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(5)
        self.process = None

    def last_lines(self, count: int = 12) -> str:
        """The end of its log."""
        try:
            with self.program.log.open("rb") as log:
                log.seek(max(0, self.program.log.stat().st_size - 8192))
                return "\n".join(log.read().decode(errors="replace").splitlines()[-count:])
        except OSError:
            return ""

    def _note_end(self, code: int, now: float) -> str:
        if self.process is not None:  # what it left of its group must not live beside its successor
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.failures = 1 if now - self.started_at > STEADY_AFTER else self.failures + 1
        pause = min(LONGEST_PAUSE, 0.25 * 2**self.failures)
        self.process, self.next_start_at = None, now + pause
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"{self.program.name} ended ({how}); starting it again in {pause:g} s. Its log: {self.program.log}"


def rotate(log: Path) -> None:
    """Keep the log small: past the limit its content moves aside, and whoever writes goes on at its beginning."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)


def stop_strays(known: set[int], grace_seconds: float = 5) -> None:
    """Stop every descendant of ours that is not among the known (builds and applications whose parent died)."""
    me = psutil.Process()
    strays = [member for child in me.children() if child.pid not in known for member in processes.family(child)]
    processes.stop(strays, grace_seconds)
    processes.reap_orphans(known)
