"""The files of a folder, safely: none outside it, none that is too large, binary or no text; each that is not read is said."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from knowledge.ingest import File

LARGEST = 2_000_000  # bytes
MOST = 50_000  # files
KNOWN = (".md", ".markdown", ".rst", ".txt", ".html", ".htm", ".yaml", ".yml")
IGNORED = {".git", "node_modules", ".venv", "__pycache__"}


def files(folder: Path, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> Iterator[File]:
    """Every readable file below the folder that the patterns choose, in the order of paths."""
    root = folder.resolve(strict=True)
    for count, (path, name) in enumerate(_paths(root, include, exclude)):
        if count >= MOST:
            yield File(name, skipped=f"The source has more than {MOST} files.")
            return
        yield _file(root, path, name)


def _paths(root: Path, include: Sequence[str], exclude: Sequence[str]) -> Iterator[tuple[Path, str]]:
    for above, folders, names in os.walk(root, followlinks=False):
        folders[:] = sorted(name for name in folders if name not in IGNORED)
        for name in sorted(names):
            path = Path(above) / name
            relative = path.relative_to(root).as_posix()
            if path.suffix.lower() in KNOWN and chosen(relative, include, exclude):
                yield path, relative


def chosen(path: str, include: Sequence[str], exclude: Sequence[str]) -> bool:
    """Whether the patterns choose this path; `**/` stands for any folders, none too. No pattern: everything."""
    return (not include or _matches(path, include)) and not _matches(path, exclude)


def _matches(path: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(path, form) for pattern in patterns for form in (pattern, pattern.replace("**/", "")))


def _file(root: Path, path: Path, name: str) -> File:
    name = name.encode(errors="replace").decode()
    try:
        if not path.resolve(strict=True).is_relative_to(root):
            return File(name, skipped="It is a link that leads out of the folder.")
        if not path.is_file():
            return File(name, skipped="It is no file.")
        status = path.stat()
        if status.st_size > LARGEST:
            return File(name, skipped=f"It has {status.st_size // 1_000_000} MB; {LARGEST // 1_000_000} MB are read at most.")
        content = path.read_bytes()
    except (OSError, RuntimeError) as error:
        return File(name, skipped=f"It could not be read: {error.strerror if isinstance(error, OSError) else error}.")
    return decoded(name, content, datetime.fromtimestamp(status.st_mtime, UTC))


def decoded(name: str, content: bytes, written_at: datetime | None = None, revision: str = "") -> File:
    """The file of this content, or why it is no text."""
    if b"\0" in content[:8_000]:
        return File(name, skipped="It is binary.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return File(name, skipped="It is not written in UTF-8.")
    return File(name, text.replace("\r\n", "\n"), revision=revision, written_at=written_at)
