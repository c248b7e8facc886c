"""The parts of the supervisor: ports, keys, folder, environments, children, the embedded PostgreSQL."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from cryptography.fernet import Fernet

from controlplane.core.errors import Conflict, OutsideError
from controlplane.embedded import children, environments, folder, keys, ports
from controlplane.embedded.children import Child, Program
from controlplane.embedded.folder import Folder, Hold
from controlplane.embedded.postgres import Postgres, choose_port
from tests.controlplane.embedded.conftest import eventually


def test_without_a_wish_the_next_free_port_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        first = taken.getsockname()[1]
        monkeypatch.setattr(ports, "FIRST_WEB_PORT", first)
        found = ports.web_port(None)
    assert found > first


def test_a_wished_port_in_use_is_refused_and_another_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(Conflict) as refusal:
        ports.web_port(taken.getsockname()[1])
    assert "--port" in refusal.value.cure


def test_a_server_keeps_its_port_until_somebody_else_has_it(tmp_path: Path) -> None:
    file = tmp_path / "port"
    choose_port(file)
    kept = int(file.read_text())
    choose_port(file)
    assert int(file.read_text()) == kept
    with socket.create_server(("127.0.0.1", kept)):
        choose_port(file)
    assert int(file.read_text()) != kept


def test_keys_are_made_once_and_read_by_their_owner_only(tmp_path: Path) -> None:
    keys.ensure(tmp_path / "secrets")
    first = {file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()}
    keys.ensure(tmp_path / "secrets")
    assert {file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()} == first
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "secrets").iterdir())
    assert len(first["secret_key"]) >= 50
    Fernet(first["encryption_keys"])


def test_a_key_file_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "secret_key").touch()
    keys.ensure(tmp_path)
    assert (tmp_path / "secret_key").read_text()


def test_a_folder_is_held_once_and_free_after_its_holder_died(tmp_path: Path) -> None:
    place = Folder(tmp_path)
    place.prepare()
    code = "import fcntl, sys, time; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True)"
    command = [sys.executable, "-c", f"{code}; time.sleep(60)", str(tmp_path / "run" / "up.lock")]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert holder.stdout
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(Conflict):
        Hold(place).take()
    holder.kill()
    holder.wait()
    hold = Hold(place)
    hold.take()
    hold.release()


def test_a_full_disk_is_refused_with_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 2**20, 2**20))  # type: ignore[attr-defined]
    with pytest.raises(OutsideError) as refusal:
        Folder(tmp_path).prepare()
    assert "has 1 MB left" in refusal.value.message
    assert "Make room" in refusal.value.cure


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(OutsideError):
        Folder(tmp_path / "data").prepare()


def test_data_of_another_postgres_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(OutsideError) as refusal:
        Postgres(tmp_path).initialise()
    assert "PostgreSQL 16" in refusal.value.message
    assert (tmp_path / "data" / "PG_VERSION").read_text() == "16\n"


SHELL = {
    "PATH": "/bin",
    "LC_ALL": "C",
    "DATABASE_URL": "postgresql://a:b@c/d",
    "TIMONEL_LOG_LEVEL": "INFO",
    "TIMONEL_ADMIN_PASSWORD": "secret",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "SSH_AUTH_SOCK": "/tmp/agent",
    "HTTPS_PROXY": "http://proxy",
}


def test_a_server_sees_nothing_of_timonel() -> None:
    assert environments.plain(SHELL) == {"PATH": "/bin", "LC_ALL": "C"}


def test_only_who_makes_the_administrator_sees_the_password() -> None:
    assert "TIMONEL_ADMIN_PASSWORD" not in environments.timonel("/data", builds=True, source=SHELL)
    assert environments.timonel("/data", administrator=True, source=SHELL)["TIMONEL_ADMIN_PASSWORD"] == "secret"


def test_only_who_builds_sees_the_way_to_the_network() -> None:
    assert not {"SSH_AUTH_SOCK", "HTTPS_PROXY"} & environments.timonel("/data", source=SHELL).keys()
    assert {"SSH_AUTH_SOCK", "HTTPS_PROXY"} <= environments.timonel("/data", builds=True, source=SHELL).keys()
    assert "AWS_SECRET_ACCESS_KEY" not in environments.timonel("/data", builds=True, administrator=True, source=SHELL)


def program(tmp_path: Path, *command: str) -> Program:
    return Program("thing", command, {"PATH": os.environ["PATH"]}, tmp_path / "thing.log", grace_seconds=0.5)


def test_a_child_that_keeps_ending_is_started_again_ever_more_slowly(tmp_path: Path) -> None:
    child, pauses = Child(program(tmp_path, "false")), []
    for _ in range(12):
        child.start()
        assert child.process
        child.process.wait()
        now = time.monotonic()
        assert child.keep(now)
        pauses.append(child.next_start_at - now)
        assert child.keep(now) is None
        assert not child.running
    assert pauses == sorted(pauses)
    assert pauses[0] < 1
    assert pauses[-1] == children.LONGEST_PAUSE


def test_a_child_that_ignores_the_wish_to_stop_is_ended_with_its_group(tmp_path: Path) -> None:
    marker = tmp_path / "grandchild"
    child = Child(program(tmp_path, "sh", "-c", f"trap '' TERM; sh -c \"trap '' TERM; echo $$ > {marker}; sleep 60\" & sleep 60"))
    child.start()
    while not (marker.exists() and marker.read_text()):
        time.sleep(0.02)
    process = child.process
    child.stop()
    assert process
    assert process.returncode == -9
    assert eventually(lambda: not _runs(int(marker.read_text())))


def _runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_a_log_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "LOG_LIMIT", 10)
    log = tmp_path / "web.log"
    with log.open("ab") as writer:
        writer.write(b"the first twenty bytes")
        writer.flush()
        children.rotate(log)
        writer.write(b"more")
    assert log.read_bytes() == b"more"
    assert (tmp_path / "web.log.1").read_bytes() == b"the first twenty bytes"


def test_room_is_demanded_less_of_a_folder_that_is_in_use() -> None:
    assert folder.ROOM_TO_GO_ON < folder.ROOM_TO_BEGIN
