"""How facts become evidence that a page can draw."""

from __future__ import annotations

from collections.abc import Sequence

from controlplane.core.redaction import redact
from workloads.adapters.scanners import worst_first
from workloads.evidence import Evidence, Fact
from workloads.findings import Seen
from workloads.verdicts import Verdict

ROWS_SHOWN = 100
LINES_SHOWN = 400


def facts(title: str, seen: Sequence[Seen], asked: str, verdict: Verdict) -> Evidence:
    """A table: new ones first, then the gravest; suppressed ones last and marked so."""
    ordered = {id(one.fact): index for index, one in enumerate(worst_first_of(seen))}
    rows = sorted(seen, key=lambda one: (one.suppressed, not one.new, ordered[id(one.fact)]))
    shown = [
        [_state(one), one.fact.severity, one.fact.rule, place(one.fact), redact(one.fact.message)] for one in rows[:ROWS_SHOWN]
    ]
    if len(rows) > ROWS_SHOWN:
        shown.append(["", "", "", "", f"and {len(rows) - ROWS_SHOWN} more"])
    columns = ["State", "Severity", "Rule", "Place", "What"]
    if shown and not any(row[3] for row in shown):
        columns, shown = [*columns[:3], columns[4]], [[*row[:3], row[4]] for row in shown]
    return table(title, columns, shown, asked, verdict)


def table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], asked: str = "", verdict: Verdict | None = None
) -> Evidence:
    """A table of texts."""
    return Evidence(title, "table", {"columns": list(columns), "rows": [list(row) for row in rows]}, asked, verdict)


def place(fact: Fact) -> str:
    """`path:line`, or the path alone."""
    return f"{fact.path}:{fact.line}" if fact.line else fact.path


def worst_first_of(seen: Sequence[Seen]) -> list[Seen]:
    """The gravest first."""
    by_fact = {id(one.fact): one for one in seen}
    return [by_fact[id(fact)] for fact in worst_first([one.fact for one in seen])]


def tail(log: str) -> str:
    """The last lines of a log, redacted."""
    lines = redact(log).splitlines()
    left_out = [f"[... {len(lines) - LINES_SHOWN} lines before ...]"] if len(lines) > LINES_SHOWN else []
    return "\n".join([*left_out, *lines[-LINES_SHOWN:]])


def count(number: int, word: str, plural: str = "") -> str:
    """`1 error`, `3 errors`, `no errors`."""
    return f"{number or 'no'} {word if number == 1 else plural or word + 's'}"


def count_of(number: int, word: str, grave: int, which: str) -> str:
    """`no findings`, `3 findings, none of high severity`, `3 findings, 2 of high severity`."""
    return count(number, word) + (f", {grave or 'none'} {which}" if number else "")


def _state(one: Seen) -> str:
    return "suppressed" if one.suppressed else "new" if one.new else "known"
