"""What a step of this run found, read whole: the briefing shows the best of it, these tools the rest, part by part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field

from agents.llm.question import ToolAnswer
from agents.tools.scope import Scope
from agents.tools.tool import Arguments, rows, tool

MOST = 120


class Part(Arguments):
    """Which part of it."""

    text: str = Field("", max_length=200, description="Only lines or rows that hold this text; case does not matter.")
    first: int = Field(1, ge=1, le=1_000_000, description="The first line or row to show, of those.")


@tool(Part)
def get_build_log(scope: Scope, part: Part) -> ToolAnswer:
    """What the builder said, line by line; empty where the build was known from before."""
    return _shown(scope, "the build", scope.of("cicd"), part, kinds=("log", "text"))


@tool(Part)
def get_test_report(scope: Scope, part: Part) -> ToolAnswer:
    """The test run: which tests failed and where, their tracebacks, and what the run printed."""
    pieces = [piece for piece in scope.of("testing") if not _is_coverage(piece)]
    return _shown(scope, "the test run", pieces, part)


@tool(Part)
def get_coverage(scope: Scope, part: Part) -> ToolAnswer:
    """What of the code the tests reach: the files that are least covered, and the lines not reached."""
    return _shown(scope, "the coverage", filter(_is_coverage, scope.of("testing")), part)


@tool(Part)
def get_settings(scope: Scope, part: Part) -> ToolAnswer:
    """What the settings came to with this environment's variables: which need attention and why, or why they do not load."""
    pieces = [piece for piece in scope.of("configuration") if piece["title"] != "Variables"]
    return _shown(scope, "the settings", pieces, part)


@tool(Part)
def get_migrations(scope: Scope, part: Part) -> ToolAnswer:
    """The pending migration operations, each with its class and why, and the SQL the database would be told."""
    return _shown(scope, "the migrations", scope.of("deployment"), part, kinds=("table", "text"))


@tool(Part)
def get_probe(scope: Scope, part: Part) -> ToolAnswer:
    """What was asked of the running release and what it answered, request by request, with times."""
    return _shown(scope, "the probes", scope.of("monitoring"), part)


def _is_coverage(piece: Mapping[str, Any]) -> bool:
    return str(piece["title"]).startswith("Coverage")


def _shown(scope: Scope, what: str, pieces: Iterable[Mapping[str, Any]], part: Part, kinds: tuple[str, ...] = ()) -> ToolAnswer:
    """One row a line of text, or a row of a table, with the title of its piece."""
    found = [row for piece in pieces if not kinds or piece["kind"] in kinds for row in _rows(piece)]
    if part.text:
        found = [row for row in found if part.text.lower() in str(row).lower()]
    shown = found[part.first - 1 : part.first - 1 + MOST]
    asked = f"{what} of run {scope.run.pk}" + (f", lines that hold {part.text!r}" if part.text else "")
    return rows(f"{asked}, from {part.first} of {len(found)}", shown, left_out=max(0, len(found) - part.first + 1 - len(shown)))


def _rows(piece: Mapping[str, Any]) -> list[dict[str, Any]]:
    title, body = piece["title"], piece["body"]
    if piece["kind"] == "table":
        return [{"of": title, **dict(zip(body["columns"], row, strict=False))} for row in body["rows"]]
    if isinstance(body, str):
        return [{"of": title, "line": line} for line in body.splitlines()]
    return [{"of": title, "value": body}]
