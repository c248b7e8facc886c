"""Recognising what an earlier start left: by number and birth time, never by number alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from controlplane.embedded import leftovers
from controlplane.embedded.processes import Identity
from tests.controlplane.embedded.conftest import eventually


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def test_a_process_that_was_written_down_is_stopped(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    file = tmp_path / "children.json"
    leftovers.remember(file, [("web", Identity.of(sleeper.pid), signal.SIGTERM)])
    assert leftovers.stop_all(file, tmp_path / "none") == ["web"]
    assert sleeper.poll() is not None
    assert not file.exists()


def test_a_later_process_with_the_same_number_is_left_alone(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    file = tmp_path / "children.json"
    born_before = Identity(sleeper.pid, Identity.of(sleeper.pid).born - 60)
    leftovers.remember(file, [("web", born_before, signal.SIGTERM)])
    assert leftovers.stop_all(file, tmp_path / "none") == []
    assert sleeper.poll() is None


@pytest.mark.parametrize("content", ["", "nonsense", "[]", '[{"pid": 1}]', "{}", "null"])
def test_a_damaged_record_stops_nothing(tmp_path: Path, content: str) -> None:
    file = tmp_path / "children.json"
    file.write_text(content)
    assert leftovers.stop_all(file, tmp_path / "none") == []


def test_a_stale_pid_file_of_postgres_that_names_somebody_else_is_removed(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    pid_file = tmp_path / "postmaster.pid"
    pid_file.write_text(f"{sleeper.pid}\n{tmp_path}\n")
    assert leftovers.stop_all(tmp_path / "children.json", tmp_path) == []
    assert not pid_file.exists()
    assert sleeper.poll() is None


def test_a_server_on_the_data_that_was_never_written_down_is_stopped(tmp_path: Path) -> None:
    server = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "-D", str(tmp_path)])
    assert eventually(lambda: psutil.Process(server.pid).cmdline())
    (tmp_path / "postmaster.pid").write_text(f"{server.pid}\n")
    assert leftovers.stop_all(tmp_path / "children.json", tmp_path) == ["postgres"]
    assert server.poll() is not None


def test_the_record_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "children.json"
    leftovers.remember(file, [("web", Identity.of(os.getpid()), signal.SIGTERM)])
    assert file.stat().st_mode & 0o077 == 0
    assert json.loads(file.read_text())[0]["name"] == "web"
