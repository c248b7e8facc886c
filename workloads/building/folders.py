"""Where builds are kept: one folder a digest, one builder at a time, whole or not there."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings

from controlplane.core.errors import DeadlineExceeded, TimonelError

POLL_SECONDS = 0.1
CACHES = frozenset({".git", "__pycache__", ".ruff_cache", ".mypy_cache", ".pytest_cache", ".hypothesis", ".coverage", "htmlcov"})


class Cancelled(TimonelError):
    """Whoever asked for the build wants it no more."""

    code = "cancelled"
    status = 409


def room(name: str) -> Path:
    """A room of the data folder, made when needed."""
    folder = Path(settings.DATA_DIR) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def turn(path: Path, cancelled: Callable[[], bool], deadline: float) -> Iterator[None]:
    """Wait for our turn at something: a lock of the operating system, which a killed holder gives back."""
    with path.open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if cancelled():
                    raise Cancelled("The build was cancelled.") from error
                if time.monotonic() > deadline:
                    raise DeadlineExceeded("Another build of the same thing is still running.", cure="Try again later.") from error
                time.sleep(POLL_SECONDS)
        yield


def tree_digest(folder: Path) -> str:
    """The SHA-256 of every file's path, mode and content below the folder, without what running leaves behind."""
    found = hashlib.sha256()
    for root, folders, names in os.walk(folder):
        left = left_by_running(root, [*folders, *names])
        folders[:] = sorted(set(folders) - left)
        for name in sorted(set(names) - left):
            path = Path(root) / name
            found.update(f"{path.relative_to(folder)}\0".encode())
            if path.is_symlink():
                found.update(b"link\0" + os.fsencode(path.readlink()))
            else:
                found.update(b"run\0" if path.stat().st_mode & stat.S_IXUSR else b"file\0")
                found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def left_by_running(folder: str | os.PathLike[str], names: list[str]) -> set[str]:
    """Of the names in a folder, those that tests, checks and loading leave there: other checks run beside a build."""
    return {
        name
        for name in names
        if name in CACHES or name.endswith((".pyc", "-journal", "-wal", "-shm")) or _is_empty_database(folder, name)
    }


def _is_empty_database(folder: str | os.PathLike[str], name: str) -> bool:
    path = Path(folder) / name
    return name.endswith((".sqlite3", ".sqlite", ".db")) and path.is_file() and path.stat().st_size == 0


def make_read_only(folder: Path) -> None:
    """Nobody writes here any more, by accident at least."""
    for root, _, names in os.walk(folder):
        for path in [Path(root) / name for name in names]:
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & ~0o222)


def remove(folder: Path) -> None:
    """Delete a folder, read-only files included."""
    shutil.rmtree(folder, ignore_errors=True)
