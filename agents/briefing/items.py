"""The pieces of a briefing: each with an id that an answer can cite, a rank, and its text line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from agents import legible
from workloads.verdicts import Verdict

SEVERITIES = ("critical", "high", "medium", "low", "info")
# A smaller rank is told earlier and cut later: what failed, then by severity; a known finding after a new one like it.
_OF_VERDICT = {Verdict.FAILED.value: 0, Verdict.INCONCLUSIVE.value: 4}
_OF_OTHER_EVIDENCE = 6
_OF_SEVERITY = {"critical": 1, "high": 2, "medium": 5, "low": 8, "info": 10}


@dataclass(frozen=True, slots=True)
class Found:
    """One finding, as a briefing shows it."""

    severity: str
    rule: str
    message: str
    place: str = ""
    cure: str = ""
    new: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """A specialist's step as it ended. `evidence` is as Step keeps it: {"title", "kind", "body", "asked", "verdict"}."""

    specialist: str
    purpose: str
    application: str
    environment: str
    tier: str
    verdict: str
    summary: str
    cure: str = ""
    live: str = ""
    evidence: Sequence[Mapping[str, Any]] = ()
    findings: Sequence[Found] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Item:
    """One piece. `keep` says which end of its lines matters when not all fit; `of` and `severity` name it where it is left out."""

    id: str
    rank: int
    title: str
    lines: tuple[str, ...]
    keep: Literal["first", "last"] = "first"
    of: Literal["evidence", "finding"] = "evidence"
    severity: str = ""


def items(subject: Subject) -> list[Item]:
    """Every piece, in the order in which it is told: by rank, then as the specialist gave them."""
    found = [*_evidence(subject.evidence), *_findings(subject.findings)]
    return sorted(found, key=lambda item: item.rank)


def _evidence(evidence: Sequence[Mapping[str, Any]]) -> Iterator[Item]:
    """e1, e2, ... in the order of the page."""
    for number, piece in enumerate(evidence, 1):
        title = legible.one_line(str(piece.get("title", "")))
        verdict = str(piece.get("verdict") or "")
        asked = legible.one_line(str(piece.get("asked") or ""))
        named = title + (f" ({verdict.replace('_', ' ')})" if verdict else "") + (f"; asked: {asked}" if asked else "")
        keep: Literal["first", "last"] = "last" if piece.get("kind") == "log" else "first"
        yield Item(f"e{number}", _OF_VERDICT.get(verdict, _OF_OTHER_EVIDENCE), named, tuple(_lines(piece)), keep)


def _findings(findings: Sequence[Found]) -> Iterator[Item]:
    """f1, f2, ... the gravest first."""
    for number, one in enumerate(sorted(findings, key=_rank), 1):
        title = f"finding of {one.severity} severity, {'new' if one.new else 'known'}"
        said = [f"{one.rule} {one.place}".strip(), one.message, *([f"cure: {one.cure}"] if one.cure else [])]
        lines = tuple(legible.one_line(line, 600) for line in said)
        yield Item(f"f{number}", _rank(one), title, lines, "first", "finding", one.severity)


def _rank(one: Found) -> int:
    return _OF_SEVERITY.get(one.severity, max(_OF_SEVERITY.values())) + (0 if one.new else 1)


def _lines(piece: Mapping[str, Any]) -> list[str]:
    body = piece.get("body")
    if piece.get("kind") == "table" and isinstance(body, Mapping):
        return [" | ".join(legible.one_line(str(value)) for value in row) for row in (body["columns"], *body["rows"])]
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, sort_keys=True, indent=1)
    return [legible.visible(line) for line in legible.lines(text.rstrip())]
