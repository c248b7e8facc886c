"""Pure: how a version is named, where a person reads it."""

from __future__ import annotations

import re

SHORT = 10


def short(commit: str) -> str:
    """A commit or digest at a readable length."""
    return commit[:SHORT]


def readable(ref: str) -> str:
    """A tag or a branch as it is, a commit given in (nearly) full at a readable length."""
    return short(ref) if re.fullmatch(r"[0-9a-f]{11,64}", ref) else ref
