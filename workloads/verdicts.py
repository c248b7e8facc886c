"""Pure: what a set of checks amounts to."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """What a check or a verification found: five different words; none stands for another."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    NOT_EVALUATED = "not_evaluated"
    NO_DATA = "no_data"

    @property
    def label(self) -> str:
        """The word as a person reads it."""
        return self.value.replace("_", " ")

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """The words as choices of a model field."""
        return [(word.value, word.label) for word in cls]


def overall(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of several checks together: failed wins, then inconclusive; nothing evaluated is not a pass."""
    found = set(verdicts)
    if Verdict.FAILED in found:
        return Verdict.FAILED
    if Verdict.INCONCLUSIVE in found:
        return Verdict.INCONCLUSIVE
    if Verdict.PASSED in found:
        return Verdict.PASSED
    return Verdict.NO_DATA if Verdict.NO_DATA in found else Verdict.NOT_EVALUATED
