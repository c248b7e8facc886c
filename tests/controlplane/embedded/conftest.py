"""A real `manage.py up` on a data folder and ports of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from controlplane.embedded.ports import free_port

ROOT = Path(__file__).resolve().parents[3]
SET_BY_THE_TESTS = (
    "DATABASE_URL",
    "REDIS_URL",
    "DJANGO_SETTINGS_MODULE",
    "TIMONEL_DATA",
    "TIMONEL_SECRET_KEY",
    "TIMONEL_ENCRYPTION_KEYS",
    "TIMONEL_AUDIT_KEYS",
)
READY = "Ctrl-C stops everything"


@dataclass
class Up:
    """One `manage.py up`, as a person would start it."""

    data: Path
    port: int = field(default_factory=free_port)
    extra: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def said(self) -> str:
        """What it printed so far."""
        return self._said.read_text() if self._said.exists() else ""

    @property
    def _said(self) -> Path:
        return self.data.parent / f"said-{self.port}.txt"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self, *arguments: str) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in SET_BY_THE_TESTS} | self.extra
        command = [sys.executable, str(ROOT / "manage.py"), "up", "--data", str(self.data), "--port", str(self.port), *arguments]
        self.data.parent.mkdir(parents=True, exist_ok=True)
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell has it for what it starts in the background
            signal.signal(signal.SIGINT, signal.default_int_handler)
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(command, env=environment, stdout=said, stderr=said, start_new_session=True)

    def wait_until_ready(self, seconds: float = 90) -> None:
        self.wait_until_said(READY, seconds)

    def wait_until_said(self, words: str, seconds: float) -> None:
        end = time.monotonic() + seconds
        while words not in self.said:
            assert self.process and self.process.poll() is None, self.said
            assert time.monotonic() < end, self.said
            time.sleep(0.1)

    def end(self, how: signal.Signals = signal.SIGINT, seconds: float = 60) -> int:
        assert self.process
        self.process.send_signal(how)
        return self.exit_code(seconds)

    def exit_code(self, seconds: float = 60) -> int:
        assert self.process
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"It did not end within {seconds:.0f} s. It said:\n{self.said}") from None

    def children(self) -> dict[str, psutil.Process]:
        """What the supervisor says it started, by name."""
        rows = json.loads((self.data / "run" / "children.json").read_text())
        return {row["name"]: psutil.Process(row["pid"]) for row in rows}

    def services(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data / "run" / "services.json").read_text())
        return found

    def left(self) -> list[str]:
        """Processes that have to do with this data folder and still run."""
        return [" ".join(process.cmdline())[:120] for process in _all() if _concerns(process, self.data)]


def status_of(address: str) -> int:
    """The status that the address answers with; 0 when it does not."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def eventually(condition: Any, seconds: float = 30) -> bool:
    """Whether the condition becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def up() -> Iterator[Up]:
    """An `up` that is surely gone when the test ends."""
    with fresh_up() as found:
        yield found


@contextlib.contextmanager
def fresh_up() -> Iterator[Up]:
    """An `up` with nothing behind it, in a folder that PostgreSQL's account can pass to."""
    folder = Path(tempfile.mkdtemp(prefix="timonel-up-"))
    folder.chmod(0o755)
    found = Up(folder / "data")
    try:
        yield found
    finally:
        _remove(found)
        shutil.rmtree(folder, ignore_errors=True)


def _remove(found: Up) -> None:
    if found.process and found.process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            found.end()
    for process in _all():
        if _concerns(process, found.data):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def _all() -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.status() != psutil.STATUS_ZOMBIE:
                yield process


def _concerns(process: psutil.Process, data: Path) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return str(data) in " ".join(process.cmdline()) or process.environ().get("TIMONEL_DATA") == str(data)
    return False
