"""Logs are kept, rotated and read across a rotation."""

from __future__ import annotations

import os
from pathlib import Path

from workloads.host import logs


def test_a_log_over_the_limit_is_moved_aside_and_old_ones_are_dropped(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    for number in range(8):
        log.write_text(f"{number}" * 100)
        logs.rotate(tmp_path, limit=50, keep=3)
    assert log.read_text() == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["web.log", "web.log.1", "web.log.2", "web.log.3"]
    assert (tmp_path / "web.log.1").read_text() == "7" * 100
    assert (tmp_path / "web.log.3").read_text() == "5" * 100


def test_a_small_log_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("short")
    logs.rotate(tmp_path, limit=50)
    assert [path.name for path in tmp_path.iterdir()] == ["web.log"]


def test_a_process_that_appends_goes_on_at_the_new_end(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, b"before\n" * 20)
    logs.rotate(tmp_path, limit=50)
    os.write(descriptor, b"after\n")
    os.close(descriptor)
    assert log.read_text() == "after\n"


def test_what_came_after_a_mark_is_found_even_across_a_rotation(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text("old\n" * 30)
    mark = logs.mark(log)
    with log.open("a") as file:
        file.write("new one\n")
    assert logs.since(log, mark) == "new one\n"
    logs.rotate(tmp_path, limit=50)
    with log.open("a") as file:
        file.write("new two\n")
    assert logs.since(log, mark) == "new one\nnew two\n"


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert logs.since(tmp_path / "web.log", logs.mark(tmp_path / "web.log")) == ""
    assert logs.tail(tmp_path / "web.log") == ""
