"""The data folder: made, checked for room and rights, and held by one supervisor at a time."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from controlplane.core.errors import Conflict, OutsideError

ROOM_TO_BEGIN = 400 * 2**20  # bytes: a fresh PostgreSQL, one built application
ROOM_TO_GO_ON = 50 * 2**20
OTHER = "Use another folder with --data DIR (or TIMONEL_DATA)"


@dataclass(frozen=True, slots=True)
class Folder:
    """Where everything Timonel keeps lives."""

    path: Path

    @property
    def services(self) -> Path:
        """The addresses of what runs, for the other commands."""
        return self.path / "run" / "services.json"

    @property
    def children(self) -> Path:
        """Which processes the supervisor started."""
        return self.path / "run" / "children.json"

    def log(self, name: str) -> Path:
        """The log of one child."""
        return self.path / "logs" / f"{name}.log"

    def prepare(self) -> None:
        """Make the folder and its parts; raise OutsideError when it cannot be used."""
        try:
            for name in ("", "run", "logs", "secrets"):
                (self.path / name).mkdir(mode=0o700 if name else 0o755, parents=True, exist_ok=True)
            probe = self.path / "run" / ".writable"
            probe.write_text("x")
            probe.unlink()
        except OSError as error:
            raise OutsideError(
                f"The data folder {self.path} cannot be written ({error.strerror}).", cure=f"{OTHER}, or mend its permissions."
            ) from error
        self._demand_room()

    def _demand_room(self) -> None:
        free = shutil.disk_usage(self.path).free
        needed = ROOM_TO_GO_ON if (self.path / "postgres" / "data").exists() else ROOM_TO_BEGIN
        if free < needed:
            raise OutsideError(
                f"The disk of {self.path} has {free // 2**20} MB left; Timonel needs {needed // 2**20} MB.",
                cure=f"Make room, or choose a folder on another disk. {OTHER}.",
            )


class Hold:
    """The right to run on a data folder. The kernel gives it back when the holder dies, however it dies."""

    def __init__(self, folder: Folder) -> None:
        self._path = folder.path / "run" / "up.lock"
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Hold the folder; raise Conflict when another `up` does."""
        file = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read(file)
            file.close()
            raise Conflict(
                f"Timonel already runs on {self._path.parent.parent} (process {holder.get('pid', '?')}"
                f"{', ' + holder['address'] if 'address' in holder else ''}).",
                cure=f"Stop it with Ctrl-C where it runs, or `kill {holder.get('pid', 'PID')}`. {OTHER}.",
            ) from None
        self._file = file
        self.describe()

    def describe(self, **facts: Any) -> None:
        """Say who holds the folder, for whoever is refused."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.write(json.dumps({"pid": os.getpid(), **facts}))
            self._file.flush()

    def release(self) -> None:
        """Give the folder back."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None


def _read(file: IO[str]) -> dict[str, Any]:
    file.seek(0)
    try:
        found = json.loads(file.read() or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
