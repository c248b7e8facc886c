"""What a verdict rests on, in a shape that a page can draw and a person can check."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from workloads.verdicts import Verdict

Kind = Literal["text", "table", "log", "diff", "json", "request"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece: `asked` is the exact question put outside (a command line, an address), `body` the answer.

    `table`: body is {"columns": [str], "rows": [[str]]}; `request`: {"method", "url", "status", "milliseconds", "note"};
    `text`, `log`, `diff`: a str; `json`: any JSON value.
    """

    title: str
    kind: Kind
    body: Any
    asked: str = ""
    verdict: Verdict | None = None

    def as_json(self) -> dict[str, Any]:
        """A plain dictionary for a JSON column."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact a tool reported, before it is stored as a Finding. `severity` is a value of Finding.Severity."""

    tool: str
    rule: str
    severity: str
    message: str
    path: str = ""
    line: int | None = None
    source_line: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a specialist found: a verdict, one sentence, the cure where it failed, the evidence, the facts, and references."""

    verdict: Verdict
    summary: str
    cure: str = ""
    evidence: tuple[Evidence, ...] = ()
    facts: tuple[Fact, ...] = ()
    # The tools that looked and answered: what they did not report is not there.
    looked: tuple[str, ...] = ()
    # References for the graph's state: small plain values only (digests, ids, counts).
    data: dict[str, Any] = field(default_factory=dict)
