"""Logs of processes: appended to files by the processes themselves, rotated by the host.

A pipe would tie a process to the life of the host. A process that appends (O_APPEND) goes on writing at the new end
after its file was copied and emptied; a line written in that moment may be lost, as with logrotate's `copytruncate`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LIMIT = 10 * 1024 * 1024
KEEP = 5


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a log: what was written after it can be read even when the file has been rotated since."""

    inode: int
    offset: int


def rotate(folder: Path, limit: int = LIMIT, keep: int = KEEP) -> None:
    """Move aside each log of the folder that has grown over the limit; keep so many older ones."""
    for log in folder.glob("*.log"):
        if log.stat().st_size > limit:
            _shift(log, keep)


def _shift(log: Path, keep: int) -> None:
    for number in range(keep - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    os.truncate(log, 0)


def mark(log: Path) -> Mark:
    """The present end of the log."""
    try:
        found = log.stat()
    except FileNotFoundError:
        return Mark(0, 0)
    return Mark(found.st_ino, found.st_size)


def marks(folder: Path) -> dict[str, Mark]:
    """The present ends of all logs of a folder."""
    return {log.name: mark(log) for log in sorted(folder.glob("*.log"))}


def since(log: Path, place: Mark, limit: int = 512 * 1024) -> str:
    """What was written after the place, the last `limit` bytes of it."""
    try:
        size = log.stat().st_size
    except FileNotFoundError:
        return ""
    if size < place.offset:  # rotated: the rest of the former file comes first
        return _read(log.with_name(f"{log.name}.1"), place.offset, limit) + _read(log, 0, limit)
    return _read(log, place.offset, limit)


def tail(log: Path, lines: int = 40) -> str:
    """The last lines of the log."""
    return "\n".join(_read(log, 0, 64 * 1024).splitlines()[-lines:])


def logs(folder: Path) -> Iterator[Path]:
    """The present logs of an instance's folder."""
    yield from sorted(folder.glob("*.log"))


def _read(log: Path, offset: int, limit: int) -> str:
    try:
        with log.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(offset, end - limit))
            return file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
