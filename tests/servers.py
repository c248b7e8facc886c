"""A pytest plugin: real PostgreSQL and Valkey for every test, started before Django reads its settings."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from controlplane.embedded import account
from controlplane.embedded.postgres import Postgres
from controlplane.embedded.valkey import Valkey

_started: list[subprocess.Popen[bytes]] = []
_folder: Path | None = None


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Start the servers once; the workers of xdist find them in the environment."""
    global _folder
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return
    _folder = Path(tempfile.mkdtemp(prefix="timonel-servers-"))
    _folder.chmod(0o755)
    postgres, valkey = Postgres(_folder / "postgres"), Valkey(_folder / "valkey")
    postgres.initialise()
    valkey.initialise()
    _start([*postgres.command(), "-c", "fsync=off"], account.needed())
    _start(valkey.command(), None)
    postgres.wait_until_ready()
    valkey.wait_until_ready()
    os.environ["DATABASE_URL"] = postgres.url("timonel")
    os.environ["REDIS_URL"] = valkey.url


def pytest_unconfigure() -> None:
    """Stop what this process started."""
    while _started:
        server = _started.pop()
        server.terminate()
        server.wait(30)
    if _folder is not None:
        shutil.rmtree(_folder, ignore_errors=True)


def _start(command: list[str], user: str | None) -> None:
    assert _folder is not None
    with (_folder / "servers.log").open("ab") as log:
        _started.append(subprocess.Popen(command, stdout=log, stderr=log, user=user, cwd="/"))
