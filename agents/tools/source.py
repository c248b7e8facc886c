"""The application's source at the run's commit, as the mirror has it: searched and read, never run."""

from __future__ import annotations

from pydantic import Field

from agents.llm.question import ToolAnswer
from agents.tools.scope import Scope
from agents.tools.tool import Arguments, rows, tool
from controlplane.core.errors import NotFound
from workloads.adapters import git
from workloads.history import mirror_of

MOST_HITS = 60
MOST_LINES = 120
SECONDS = 10.0
REQUIREMENTS = ("requirements*.txt", "requirements*.in", "requirements/*", "pyproject.toml", "Pipfile", "setup.cfg", "setup.py")


class Words(Arguments):
    """What to look for."""

    text: str = Field(min_length=2, max_length=200, description="The exact text to look for, not a pattern; case does not matter.")
    folder: str = Field("", max_length=300, description="Only in this folder of the application.")


class Lines(Arguments):
    """Which lines of which file."""

    path: str = Field(min_length=1, max_length=300, description="The file, as a finding or a search names it.")
    first: int = Field(1, ge=1, le=1_000_000, description="The first line.")


class Nothing(Arguments):
    """No argument is needed."""


@tool(Words)
def search_source(scope: Scope, words: Words) -> ToolAnswer:
    """Lines of the application's source, at the commit of this run, that hold this text: path, line number, line."""
    commit = _commit(scope)
    place = _within(scope, words.folder)
    hits = git.grep(mirror_of(scope.application), commit, words.text, place, most=MOST_HITS + 1, seconds=SECONDS)
    asked = f"git grep {words.text!r} in {place or 'the whole source'} at {commit[:12]}"
    shown = [{"path": hit.path, "line": hit.line, "text": hit.text} for hit in hits[:MOST_HITS]]
    return rows(asked, shown, left_out=len(hits) - len(shown))


@tool(Lines)
def get_source(scope: Scope, which: Lines) -> ToolAnswer:
    """Up to 120 lines of one file of the application's source at the commit of this run, from the line you name on."""
    commit, path = _commit(scope), _within(scope, which.path)
    lines = git.content(mirror_of(scope.application), commit, path, seconds=SECONDS).splitlines()
    shown = lines[which.first - 1 : which.first - 1 + MOST_LINES]
    asked = f"{path} at {commit[:12]}, lines {which.first} to {which.first + len(shown) - 1} of {len(lines)}"
    return rows(asked, [{"line": number, "text": text} for number, text in enumerate(shown, which.first)])


@tool(Nothing)
def get_requirements(scope: Scope, _: Nothing) -> ToolAnswer:
    """What the application requires, file by file, as its source at the commit of this run says it."""
    commit, mirror, place = _commit(scope), mirror_of(scope.application), _within(scope, "")
    found = git.paths(mirror, commit, [f"{place}/{name}" if place else name for name in REQUIREMENTS], seconds=SECONDS)
    shown = [{"path": path, "text": git.content(mirror, commit, path, seconds=SECONDS)[:3_000]} for path in found[:20]]
    return rows(f"the requirement files of {scope.application} at {commit[:12]}", shown, left_out=len(found) - len(shown))


def _commit(scope: Scope) -> str:
    if not scope.commit:
        raise NotFound("This run checked no source out.")
    return scope.commit


def _within(scope: Scope, path: str) -> str:
    """The path as the repository names it; never out of the application's folder."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise NotFound("There is no such place in the application.", cure="Name a path inside its folder.")
    folder = scope.application.folder.strip("/")
    below = "/".join(parts)
    inside = below == folder or below.startswith(f"{folder}/")
    return below if not folder or inside else f"{folder}/{below}".rstrip("/")
