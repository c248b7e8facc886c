"""What an evaluation came to: a specialist each, how often its answer held what it must and nothing it must not, at what cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from agents.evaluation.trials import Trial

PASSED, FAILED, USAGE, NOT_EVALUATED = 0, 1, 2, 3
WORDS = {"passed": "passed", "failed": "FAILED", "not_evaluated": "not evaluated"}


@dataclass(frozen=True, slots=True)
class Sum:
    """The trials of one specialist, or of all. `share` is of those that were evaluated; None where none was."""

    specialist: str
    passed: int
    failed: int
    not_evaluated: int
    calls: int
    tokens: int
    cost: Decimal

    @property
    def share(self) -> float | None:
        """How many of the evaluated answers were good."""
        judged = self.passed + self.failed
        return self.passed / judged if judged else None


def sums(trials: Sequence[Trial]) -> list[Sum]:
    """One a specialist."""
    return [total(name, [one for one in trials if one.specialist == name]) for name in sorted({one.specialist for one in trials})]


def total(name: str, trials: Sequence[Trial]) -> Sum:
    """These together."""
    verdicts = [one.verdict for one in trials]
    return Sum(
        name,
        verdicts.count("passed"),
        verdicts.count("failed"),
        verdicts.count("not_evaluated"),
        sum(one.calls for one in trials),
        sum(one.tokens for one in trials),
        sum((one.cost for one in trials), Decimal(0)),
    )


def code(trials: Sequence[Trial], at_least: float) -> int:
    """The exit code: a case that could not run is no pass, and enough good answers of the others do not make up for it."""
    if any((one.share or 0) < at_least for one in sums(trials) if one.share is not None):
        return FAILED
    return NOT_EVALUATED if any(one.verdict == "not_evaluated" for one in trials) else PASSED


def lines(trials: Sequence[Trial]) -> Iterator[str]:
    """For people: what was not good with its reason, then a table."""
    for one in trials:
        if one.verdict != "passed":
            yield f"{WORDS[one.verdict]:13}  {one.case}: {_why(one)}"
    yield ""
    yield f"{'specialist':14} {'good':>9} {'failed':>7} {'not evaluated':>14} {'calls':>6} {'tokens':>8} {'dollars':>9}"
    for row in [*sums(trials), total("all", trials)]:
        good = "no data" if row.share is None else f"{row.share:.0%}"
        figures = f"{good:>9} {row.failed:7} {row.not_evaluated:14} {row.calls:6} {row.tokens:8} {row.cost:9.4f}"
        yield f"{row.specialist:14} {figures}"


def document(trials: Sequence[Trial], at_least: float) -> dict[str, Any]:
    """For programs."""
    return {
        "code": code(trials, at_least),
        "specialists": [{**_plain(asdict(row)), "share": row.share} for row in sums(trials)],
        "trials": [_plain(asdict(one)) for one in trials],
    }


def _why(one: Trial) -> str:
    if one.why_not:
        return one.why_not
    parts = [("it lacks", one.missing), ("it holds", one.forbidden)]
    return "; ".join(f"{word} {', '.join(checks)}" for word, checks in parts if checks)


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    return {name: str(item) if isinstance(item, Decimal) else item for name, item in value.items()}
