"""One tool's share of an assessment, and several of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workloads.evidence import Evidence, Fact
from workloads.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Part:
    """What one tool came to: its own verdict, and in `says` either what it found or why it could not look."""

    name: str
    verdict: Verdict
    says: str
    cure: str = ""
    facts: tuple[Fact, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    # The tool, by the name its facts bear, where it answered for everything it was asked about.
    looked: tuple[str, ...] = ()


def looked_of(parts: Sequence[Part]) -> tuple[str, ...]:
    """All tools that looked."""
    return tuple(tool for part in parts for tool in part.looked)


def facts_of(parts: Sequence[Part]) -> tuple[Fact, ...]:
    """All facts."""
    return tuple(fact for part in parts for fact in part.facts)


def evidence_of(parts: Sequence[Part]) -> tuple[Evidence, ...]:
    """All evidence."""
    return tuple(evidence for part in parts for evidence in part.evidence)


def first_cure(parts: Sequence[Part]) -> str:
    """The cure of the first part that failed, or else of the first that has one."""
    failed_first = sorted(parts, key=lambda part: part.verdict != Verdict.FAILED)
    return next((part.cure for part in failed_first if part.cure), "")
