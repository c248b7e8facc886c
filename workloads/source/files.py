"""Reading other people's files: any encoding, bounded in size."""

from __future__ import annotations

import ast
import codecs
import os
import threading
import tomllib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LARGEST = 2_000_000
_PARSING = threading.Lock()
# Folders that hold nothing the application itself runs.
IGNORED = frozenset(
    [
        "node_modules",
        ".git",
        ".hg",
        ".svn",
        ".tox",
        ".nox",
        ".venv",
        "venv",
        "env",
        ".env",
        "virtualenv",
        "__pycache__",
        "site-packages",
        "bower_components",
        ".cache",
        "dist",
        ".mypy_cache",
        ".pytest_cache",
        ".github",
        ".idea",
        ".vscode",
        "locale",
        "migrations",
    ]
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def text(path: Path) -> str:
    """The file's text; empty when it is absent, too large, or not a file."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return ""
        return decode(path.read_bytes())
    except OSError:
        return ""


def decode(raw: bytes) -> str:
    """Bytes as text, by their byte order mark, else UTF-8, else Latin-1 (which never fails)."""
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    if raw[1:2] == b"\0":  # written by a Windows shell, without a mark
        return raw.decode("utf-16-le", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def python(path: Path) -> ast.Module | None:
    """The parsed module, or None when it is absent or not Python as we know it."""
    content = text(path)
    if not content.strip():
        return ast.Module([], []) if path.is_file() else None
    try:
        return parse(content)
    except (SyntaxError, ValueError, RecursionError):
        return None


def parse(content: str | bytes) -> ast.Module:
    """`ast.parse` without warnings, one thread at a time.

    CPython 3.11 counts the depth of all threads together and then raises SystemError (gh-106905).
    """
    with _PARSING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(content)


def toml(path: Path) -> dict[str, Any]:
    """The parsed TOML document; empty when absent or broken."""
    try:
        return tomllib.loads(text(path))
    except tomllib.TOMLDecodeError:
        return {}


def walk(folder: Path, depth: int) -> Iterator[Path]:
    """The files below the folder, nearest first, in a stable order."""
    level = [folder]
    for _ in range(depth + 1):
        below: list[Path] = []
        for place in level:
            for entry in sorted(_entries(place), key=lambda entry: entry.name):
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in IGNORED and "{{" not in entry.name:
                        below.append(Path(entry.path))
                elif entry.is_file():
                    yield Path(entry.path)
        level = below


def relative(path: Path, to: Path) -> str:
    """The path as seen from the folder, with forward slashes; may begin with `..`."""
    return Path(os.path.relpath(path, to)).as_posix()


def module_file(roots: tuple[Path, ...], module: str) -> Path | None:
    """The file of a dotted module name under one of the roots."""
    if not module:
        return None
    for root in roots:
        place = root.joinpath(*module.split("."))
        for candidate in (place.with_name(place.name + ".py"), place / "__init__.py"):
            if candidate.is_file():
                return candidate
    return None


def _entries(place: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(place) as entries:
            return list(entries)
    except OSError:
        return []
