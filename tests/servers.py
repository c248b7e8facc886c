"""Real PostgreSQL and Valkey for every test, as a pytest plugin; and for one command of manage.py:

python -m tests.servers manage.py makemigrations --check
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from controlplane.embedded import account
from controlplane.embedded.postgres import Postgres
from controlplane.embedded.valkey import Valkey


@dataclass
class Servers:
    """One PostgreSQL and one Valkey in a temporary folder."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="timonel-servers-")))
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> dict[str, str]:
        """Start both; return their addresses."""
        self.folder.chmod(0o755)
        postgres, valkey = Postgres(self.folder / "postgres"), Valkey(self.folder / "valkey")
        postgres.initialise()
        valkey.initialise()
        self._launch([*postgres.command(), "-c", "fsync=off"], account.needed())
        self._launch(valkey.command(), None)
        postgres.wait_until_ready()
        valkey.wait_until_ready()
        postgres.ensure_database()
        return {"DATABASE_URL": postgres.url(), "REDIS_URL": valkey.url}

    def stop(self) -> None:
        """Stop what was started and delete the folder."""
        while self._started:
            server = self._started.pop()
            server.terminate()
            server.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _launch(self, command: list[str], user: str | None) -> None:
        with (self.folder / "servers.log").open("ab") as log:
            self._started.append(subprocess.Popen(command, stdout=log, stderr=log, user=user, cwd="/", start_new_session=True))


_servers: Servers | None = None


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Start the servers once; the workers of xdist find them in the environment, each with a Valkey database of its own."""
    global _servers
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        _servers = Servers()
        os.environ.update(_servers.start())
    if worker:
        number = int(worker.removeprefix("gw")) + 1
        os.environ["REDIS_URL"] = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{number}").geturl()


def pytest_unconfigure() -> None:
    """Stop what this process started."""
    if _servers is not None:
        _servers.stop()


def main(arguments: list[str]) -> int:
    """Run a Python script of ours beside fresh servers; return its exit code."""
    servers = Servers()
    try:
        environment = os.environ | servers.start() | {"DJANGO_SETTINGS_MODULE": "controlplane.settings.test"}
        return subprocess.call([sys.executable, *arguments], env=environment)
    finally:
        servers.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
