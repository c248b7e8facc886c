"""One process: backoff, adoption, graceful and hard stops, its children."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.workloads.machine import eventually
from workloads.adapters import processes
from workloads.host.process import Launch, Process, backoff

SAYS_GOODBYE = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("goodbye"), sys.exit(0)))
print("up", flush=True)
time.sleep(60)
"""
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def python(tmp_path: Path, code: str) -> Launch:
    return Launch((sys.executable, "-c", code), tmp_path, {"PATH": os.environ["PATH"]})


def run_until(process: Process, wanted: Launch | None, holds: Callable[[], object], grace: float = 5) -> None:
    def step() -> object:
        process.tick(wanted, time.monotonic(), grace)
        return holds()

    eventually(step)


def until_it_ended(process: Process, wanted: Launch | None, now: float) -> None:
    """Let it notice its exit while the clock stands still."""

    def step() -> bool:
        process.tick(wanted, now)
        return not process.alive

    eventually(step)


def test_backoff_doubles_up_to_a_minute() -> None:
    assert [backoff(restarts) for restarts in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_process_that_ends_waits_longer_each_time(tmp_path: Path) -> None:
    process, wanted, now = Process("web", tmp_path / "1"), python(tmp_path, "raise SystemExit(3)"), 1000.0
    delays = []
    for _ in range(3):
        process.tick(wanted, now)
        until_it_ended(process, wanted, now)
        assert process.exit_code == 3
        delays.append(process.next_start - now)
        process.tick(wanted, process.next_start - 0.01)
        assert not process.alive
        now = process.next_start
    assert delays == [1, 2, 4]


def test_a_healthy_run_forgives_former_exits(tmp_path: Path) -> None:
    process, wanted = Process("web", tmp_path / "1"), python(tmp_path, "import time; time.sleep(30)")
    process.restarts = 5
    process.tick(wanted, 1000)
    assert process.identity is not None
    processes.kill_session(process.identity)
    until_it_ended(process, wanted, 1061)
    assert process.restarts == 1


def test_a_program_that_cannot_be_run_is_said_in_its_log(tmp_path: Path) -> None:
    process, wanted = Process("web", tmp_path / "1"), Launch(("/nowhere/gunicorn",), tmp_path, {})
    run_until(process, wanted, lambda: process.exit_code)
    assert process.exit_code == 127
    assert "cannot be run" in process.log_file.read_text()


def test_a_folder_that_is_gone_counts_as_a_failed_start(tmp_path: Path) -> None:
    process = Process("web", tmp_path / "1")
    process.tick(Launch((sys.executable,), tmp_path / "gone", {}), 1000)
    assert process.failing
    assert process.next_start == 1001


def test_a_stop_is_graceful(tmp_path: Path) -> None:
    process, wanted = Process("web", tmp_path / "1"), python(tmp_path, SAYS_GOODBYE)
    run_until(process, wanted, lambda: process.log_file.exists() and "up" in process.log_file.read_text())
    run_until(process, None, lambda: not process.alive)
    assert "goodbye" in process.log_file.read_text()
    assert process.restarts == 0


def test_what_does_not_stop_is_killed_with_its_children(tmp_path: Path) -> None:
    process, wanted = Process("web", tmp_path / "1"), python(tmp_path, STUBBORN)
    run_until(process, wanted, lambda: process.log_file.exists() and process.log_file.read_text().strip())
    child = int(process.log_file.read_text())
    run_until(process, None, lambda: not process.alive, grace=0.5)
    eventually(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


def test_another_host_adopts_and_stops_it(tmp_path: Path) -> None:
    first, wanted = Process("web", tmp_path / "1"), python(tmp_path, "import time; time.sleep(60)")
    run_until(first, wanted, lambda: first.pid_file.exists() and processes.read_identity(first.pid_file))
    second = Process("web", tmp_path / "1")
    assert second.adopted
    assert second.identity == first.identity
    run_until(second, wanted, lambda: second.alive)
    second.tick(None, time.monotonic())
    until_it_ended(first, None, time.monotonic())
    run_until(second, None, lambda: not second.alive)


def test_it_is_never_started_twice_even_when_its_pid_file_was_lost(tmp_path: Path) -> None:
    first, wanted = Process("web", tmp_path / "1"), python(tmp_path, "import time; time.sleep(60)")
    run_until(first, wanted, lambda: first.pid_file.exists() and processes.read_identity(first.pid_file))
    first.pid_file.write_text("")
    second = Process("web", tmp_path / "1")
    assert not second.alive
    run_until(second, wanted, lambda: second.exit_code)
    assert second.exit_code == 75
    assert "not started a second time" in second.log_file.read_text()
    run_until(first, None, lambda: not first.alive)


@pytest.mark.parametrize("text", ["", "nonsense", "1", "999999 never", "{own} never"])
def test_a_pid_file_that_names_nobody_adopts_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "web.pid").write_text(text.format(own=os.getpid()))
    assert not Process("web", tmp_path / "1").alive
