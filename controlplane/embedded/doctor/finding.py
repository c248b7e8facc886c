"""What an examination answers, and asking a program for its version."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "warn", "bad"]
SECONDS = 15


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `bad` keeps Timonel from working, `warn` some applications from being built, `note` nothing."""

    subject: str
    state: State
    detail: str
    cure: str = ""


def version_of(command: list[str]) -> str | None:
    """The version number a program tells, or None when it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return found.group() if found and done.returncode == 0 else None


def program(subject: str, names: tuple[str, ...], missing: State, cure: str) -> Finding:
    """The first of the programs that runs, with its version; otherwise the finding that none does."""
    for name in names:
        path = shutil.which(name)
        version = version_of([path, "--version"]) if path else None
        if version:
            return Finding(subject, "ok", f"{version} ({path})")
    return Finding(subject, missing, "not found", cure)
