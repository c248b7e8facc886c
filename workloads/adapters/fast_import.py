"""Writing a Git repository from commits given as values: the same values give the same hashes on every machine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from controlplane.core.errors import DeadlineExceeded, OutsideError

SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class File:
    """One file as Git keeps it."""

    content: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True)
class PlannedCommit:
    """A commit to be written. `files` is all of it, not what differs from `parent` (the tag of an earlier one)."""

    tag: str
    parent: str
    message: str
    author: str  # "Name <address>"
    at: datetime
    files: Mapping[str, File]


def create(repository: Path, commits: Sequence[PlannedCommit], *, branch: str, at_tag: str) -> None:
    """Make the repository with these commits and tags, its one branch at one of them and checked out."""
    git("init", "--quiet", f"--initial-branch={branch}", "--object-format=sha1", str(repository))
    write(repository, commits)
    git("reset", "--quiet", "--hard", f"refs/tags/{at_tag}", folder=repository)


def write(repository: Path, commits: Sequence[PlannedCommit]) -> None:
    """Write the commits and their tags into a repository that exists; its branches and files stay as they are."""
    git("fast-import", "--quiet", "--force", folder=repository, given=b"".join(_commit(commit) for commit in commits))


def git(*arguments: str, folder: Path | None = None, given: bytes = b"") -> str:
    """Run git with nothing of the person's configuration; OutsideError with what it said when it fails."""
    command = ["git", "-c", "safe.directory=*", "-c", "core.autocrlf=false", *(["-C", str(folder)] if folder else []), *arguments]
    plain = {"PATH": os.environ.get("PATH", os.defpath), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    try:
        done = subprocess.run(command, input=given, env=plain, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise DeadlineExceeded(
            f"git {arguments[0]} did not finish in {SECONDS:.0f} s.", cure="Is the disk full or slow?"
        ) from error
    except OSError as error:
        raise OutsideError("git could not be started.", cure="Install git.") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise OutsideError(f"git {arguments[0]} failed: {said[-600:]}", cure="Check that the folder can be written to.")
    return done.stdout.decode("utf-8", "replace")


def _commit(commit: PlannedCommit) -> bytes:
    who = f"{commit.author} {int(commit.at.timestamp())} +0000"
    head = f"commit refs/tags/{commit.tag}\nauthor {who}\ncommitter {who}\n".encode() + _data(commit.message.encode())
    parent = f"from refs/tags/{commit.parent}\n".encode() if commit.parent else b""
    return head + parent + b"deleteall\n" + b"".join(_file(path, file) for path, file in sorted(commit.files.items())) + b"\n"


def _file(path: str, file: File) -> bytes:
    return f"M {100755 if file.executable else 100644} inline {path}\n".encode() + _data(file.content)


def _data(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"
