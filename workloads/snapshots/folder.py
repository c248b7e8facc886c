"""A snapshot's folder: written once, proved by the SHA-256 of every file, read-only from then on."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controlplane.core.errors import Invalid
from workloads.snapshots.veil import Json

MANIFEST = "manifest.json"
PART = re.compile(r"[A-Za-z0-9._-]{1,253}")


@dataclass
class Folder:
    """Being written; `seal` ends that."""

    path: Path
    digests: dict[str, str] = field(default_factory=dict)
    size: int = 0

    def begin(self) -> None:
        """Make it. Raises Invalid for one that holds anything already."""
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise Invalid(f"{self.path} is there already and not empty.", cure="Name a new folder with --out.")
        self.path.mkdir(parents=True, exist_ok=True, mode=0o750)

    def items(self, name: str, items: Iterable[Json]) -> None:
        """A v1 List, as kubectl prints one, object by object."""
        with self._place(name).open("wb") as file:
            digest, first = hashlib.sha256(), True
            for piece in [b'{"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": [']:
                digest.update(piece)
                file.write(piece)
            for item in items:
                piece = (b"\n" if first else b",\n") + json.dumps(item, ensure_ascii=False).encode()
                first = False
                digest.update(piece)
                file.write(piece)
            digest.update(b"\n]}\n")
            file.write(b"\n]}\n")
        self._count(name, digest.hexdigest())

    def document(self, name: str, value: Any) -> None:
        """A JSON document."""
        self.write(name, json.dumps(value, indent=1, ensure_ascii=False) + "\n")

    def write(self, name: str, text: str) -> None:
        """A text file."""
        content = text.encode("utf-8", "replace")
        self._place(name).write_bytes(content)
        self._count(name, hashlib.sha256(content).hexdigest())

    def seal(self) -> str:
        """Write the manifest, make everything read-only; the SHA-256 of the whole."""
        whole = whole_of(self.digests)
        self.document(MANIFEST, {"sha256": whole, "files": dict(sorted(self.digests.items()))})
        for file in self.path.rglob("*"):
            if file.is_file():
                file.chmod(stat.S_IRUSR | stat.S_IRGRP)
        return whole

    def _place(self, name: str) -> Path:
        parts = name.split("/")
        if not all(PART.fullmatch(part) and part not in {".", ".."} for part in parts):
            raise Invalid(f"{name} is no name for a file of a snapshot.")
        place = self.path.joinpath(*parts)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        return place

    def _count(self, name: str, digest: str) -> None:
        self.digests[name] = digest
        self.size += self.path.joinpath(name).stat().st_size


def whole_of(digests: dict[str, str]) -> str:
    """One SHA-256 over the files' names and theirs, in the order of the names."""
    told = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()) if name != MANIFEST)
    return hashlib.sha256(told.encode()).hexdigest()


def altered(path: Path, sha256: str) -> list[str]:
    """What is no longer as it was written: names of files; empty when everything is."""
    try:
        manifest = json.loads((path / MANIFEST).read_text())
        digests: dict[str, str] = manifest["files"]
    except (OSError, ValueError, KeyError):
        return [MANIFEST]
    found = [] if whole_of(digests) == sha256 else [MANIFEST]
    there = {str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()} - {MANIFEST}
    found += sorted(there ^ set(digests))
    return found + [name for name in sorted(there & set(digests)) if _digest(path / name) != digests[name]]


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def remove(path: Path) -> None:
    """Delete the folder."""
    for place, _, files in os.walk(path, topdown=False):
        for name in files:
            Path(place, name).unlink(missing_ok=True)
        Path(place).rmdir()
