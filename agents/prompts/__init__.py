"""What models are told to do: one file a prompt, in words, versioned by the hash of its text.

A prompt is ours, whole: nothing from outside is ever put into it. May import nothing of ours.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt; `digest` is the SHA-256 of its text."""

    name: str
    text: str
    digest: str

    @property
    def reference(self) -> str:
        """How a recorded call names it: the file and the start of the hash."""
        return f"{self.name}@{self.digest[:12]}"


@cache
def load(name: str) -> Prompt:
    """The prompt of `<name>.md`; raises FileNotFoundError for one that is not there."""
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8").strip()
    return Prompt(name, text, hashlib.sha256(text.encode()).hexdigest())
