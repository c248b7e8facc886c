"""Running untrusted programs: limited, cut off from our environment, ended as a family, never left behind."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from controlplane.core.errors import OutsideError

Ended = Literal["exited", "timed_out", "cancelled", "killed_by_limit"]
LAUNCHER = Path(__file__).with_name("launcher.py")
POLL_SECONDS = 0.25
LINE_LIMIT = 8_000
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# How a machine reaches the outside: no secret of ours among them.
PASSED_ON = ("LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one program and everything it starts may use. `cpu_seconds` and `file_bytes` count for each process."""

    cpu_seconds: int = 1200
    memory_bytes: int = 4 * 1024**3
    file_bytes: int = 2 * 1024**3
    processes: int = 512
    open_files: int = 4096
    seconds: float = 900.0


@dataclass(frozen=True, slots=True)
class Completed:
    """What became of a program. `output` is both streams as they came, the middle left out where it was very long.

    `exit_code` is negative for a signal. The output is raw: redact it before it is stored or shown.
    """

    argv: tuple[str, ...]
    exit_code: int
    output: str
    seconds: float
    ended: Ended
    limit: str = ""

    @property
    def ok(self) -> bool:
        """Whether it ran to its end and said 0."""
        return self.ended == "exited" and self.exit_code == 0

    def why(self) -> str:
        """How it ended, in words."""
        reasons = {
            "exited": f"exit code {self.exit_code}",
            "timed_out": f"not finished after {self.seconds:.0f} s",
            "cancelled": "cancelled",
            "killed_by_limit": f"over its limit of {self.limit}",
        }
        return reasons[self.ended]


def clean_environment(**extra: str) -> dict[str, str]:
    """An environment with nothing of ours: a search path, a language, a scratch home, and what is given."""
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {"PATH": SEARCH_PATH, "HOME": tempfile.gettempdir(), "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"} | passed_on | extra


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    limits: Limits | None = None,
    on_line: Callable[[str], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    output_limit: int = 2_000_000,
) -> Completed:
    """Run the program to its end, or end it and all it started: too long, cancelled, over a limit, or we died.

    Raises OutsideError only when nothing could be started at all.
    """
    limits = limits or Limits()
    started = time.monotonic()
    report_read, report_write = os.pipe()
    try:
        launcher = _launch(argv, cwd, environment, limits, report_write)
    finally:
        os.close(report_write)
    output = _Output(on_line, output_limit)
    try:
        ended = _follow(launcher, output, started + limits.seconds, cancelled)
    finally:
        _end(launcher)
        report = os.read(report_read, 4096)
        os.close(report_read)
    output.close()
    return _completed(argv, output, time.monotonic() - started, ended, report)


def _launch(argv: Sequence[str], cwd: Path, environment: Mapping[str, str], limits: Limits, report: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-I", "-S", str(LAUNCHER), json.dumps(asdict(limits)), str(report), *argv]
    try:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[report],
        )
    except OSError as error:
        raise OutsideError(f"{argv[0]} could not be started in {cwd}: {error.strerror}.") from error


def _follow(
    launcher: subprocess.Popen[bytes], output: _Output, deadline: float, cancelled: Callable[[], bool] | None
) -> Ended | None:
    """Read until the output ends; the reason when it was we who ended it."""
    assert launcher.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(launcher.stdout, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return "timed_out"
            if cancelled is not None and cancelled():
                return "cancelled"
            if selector.select(min(POLL_SECONDS, left)):
                piece = os.read(launcher.stdout.fileno(), 65_536)
                if not piece:
                    return None
                output.add(piece)


def _end(launcher: subprocess.Popen[bytes]) -> None:
    """Close the launcher's input, which ends whatever still runs, and wait for it."""
    assert launcher.stdin is not None and launcher.stdout is not None
    with contextlib.suppress(OSError):
        launcher.stdin.close()
    launcher.stdout.close()
    try:
        launcher.wait(15)
    except subprocess.TimeoutExpired:
        launcher.kill()
        launcher.wait()


def _completed(argv: Sequence[str], output: _Output, seconds: float, ended: Ended | None, report: bytes) -> Completed:
    told: dict[str, Any] = json.loads(report) if report else {"ended": "exited", "limit": "", "exit_code": -9}
    if ended is None:
        ended = "killed_by_limit" if told["ended"] == "killed_by_limit" else "exited"
    return Completed(tuple(argv), int(told["exit_code"]), output.text(), seconds, ended, str(told["limit"]))


class _Output:
    """Collects output: every line to the listener, the beginning and the end for the record."""

    def __init__(self, on_line: Callable[[str], None] | None, limit: int) -> None:
        self._on_line = on_line
        self._head: list[str] = []
        self._tail: deque[str] = deque()
        self._head_room, self._tail_room = limit // 4, limit - limit // 4
        self._left_out = 0
        self._rest = b""

    def add(self, piece: bytes) -> None:
        """Take bytes as they come; whole lines are passed on."""
        *lines, self._rest = (self._rest + piece).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            self._line(line)
        if len(self._rest) > LINE_LIMIT:
            self.close()

    def close(self) -> None:
        """Pass on a last line without its end."""
        rest, self._rest = self._rest, b""
        if rest:
            self._line(rest)

    def text(self) -> str:
        """What is kept, the gap named."""
        gap = [f"[... {self._left_out} lines left out ...]"] if self._left_out else []
        return "\n".join([*self._head, *gap, *self._tail])

    def _line(self, raw: bytes) -> None:
        line = raw.decode("utf-8", "replace").replace("\x00", "")
        if self._on_line is not None:
            self._on_line(line)
        if not self._tail and len(line) < self._head_room:
            self._head.append(line)
            self._head_room -= len(line) + 1
            return
        self._tail.append(line)
        self._tail_room -= len(line) + 1
        while self._tail_room < 0 and len(self._tail) > 1:
            self._tail_room += len(self._tail.popleft()) + 1
            self._left_out += 1
