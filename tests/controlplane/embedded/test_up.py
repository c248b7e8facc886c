"""`manage.py up` as a whole: real servers, real processes, real signals."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import psutil
import psycopg
import pytest

from controlplane.embedded import processes
from tests.controlplane.embedded.conftest import Up, eventually, status_of

PASSWORD = "correct horse battery staple"


def test_ctrl_c_stops_everything_and_a_second_start_finds_the_data(up: Up) -> None:
    up.start()
    up.wait_until_ready()
    assert status_of(up.address) < 500
    assert "shown this once" in up.said
    with psycopg.connect(up.services()["DATABASE_URL"]) as database:
        database.execute("UPDATE core_user SET first_name = 'Ada'")

    assert up.end() == 0
    assert up.left() == []
    assert not (up.data / "run" / "services.json").exists()

    up.start()
    up.wait_until_ready()
    assert "shown this once" not in up.said
    with psycopg.connect(up.services()["DATABASE_URL"]) as database:
        assert database.execute("SELECT first_name FROM core_user").fetchall() == [("Ada",)]


@pytest.mark.slow
@pytest.mark.alone
def test_the_next_start_recovers_from_a_killed_supervisor(up: Up) -> None:
    up.extra = {"TIMONEL_ADMIN_PASSWORD": PASSWORD, "AWS_SECRET_ACCESS_KEY": "not for children"}
    up.start()
    up.wait_until_ready()
    assert PASSWORD not in up.said
    children = up.children()
    assert set(children) == {"valkey", "applications-valkey", "postgres", "web", "host", "worker", "beat"}
    _children_see_only_what_they_need(children)
    _secrets_are_for_the_owner_only(up.data)
    _a_second_start_is_refused(up)
    _a_dead_child_is_started_again(up)

    orphans = up.children()
    assert up.end(signal.SIGKILL) == -signal.SIGKILL
    assert all(orphan.is_running() for orphan in orphans.values())
    up.start()
    up.wait_until_ready()
    assert "Stopped postgres, left running by an earlier start" in up.said
    assert not any(processes.alive(orphan) for orphan in orphans.values())
    assert status_of(up.address) < 500

    assert up.end(signal.SIGTERM) == 0
    assert up.left() == []


def _children_see_only_what_they_need(children: dict[str, psutil.Process]) -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        return  # concealed from us as well: that is the point
    for name, child in children.items():
        seen = child.environ()
        assert "AWS_SECRET_ACCESS_KEY" not in seen, name
        assert "TIMONEL_ADMIN_PASSWORD" not in seen, name
    assert "TIMONEL_DATA" not in children["postgres"].environ()


def _secrets_are_for_the_owner_only(data: Path) -> None:
    for name in ("run/services.json", "secrets/secret_key", "secrets/encryption_keys", "postgres/password", "valkey/valkey.conf"):
        assert (data / name).stat().st_mode & 0o077 == 0, name


def _a_second_start_is_refused(up: Up) -> None:
    other = Up(up.data)
    other.start()
    assert other.exit_code() == 1
    assert up.process
    assert f"already runs on {up.data} (process {up.process.pid}, {up.address})" in other.said
    assert "Cure: Stop it with Ctrl-C" in other.said
    assert status_of(up.address) < 500


def _a_dead_child_is_started_again(up: Up) -> None:
    before = up.children()["web"]
    before.kill()
    assert eventually(lambda: status_of(up.address) not in (0, 500))
    assert up.children()["web"].pid != before.pid


def test_a_port_in_use_is_refused_with_the_cure_and_nothing_is_started(up: Up) -> None:
    with socket.create_server(("127.0.0.1", up.port)):
        up.start()
        assert up.exit_code() == 1
    assert f"Port {up.port} is in use" in up.said
    assert "Cure: Stop that program, or choose another: --port" in up.said
    assert not (up.data / "postgres").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="/sys is a folder where not even root may write")
def test_a_folder_that_cannot_be_written_is_refused_with_the_cure(up: Up, tmp_path: Path) -> None:
    up.start("--data", "/sys/timonel")
    assert up.exit_code() == 1
    assert "The data folder /sys/timonel cannot be written" in up.said
    assert "Use another folder with --data DIR" in up.said
