"""Runs the application's own tests in isolation and measures what they cover."""

from __future__ import annotations

from agents.specialists.work import Specialist, Work
from workloads.evidence import Assessment
from workloads.verdicts import Verdict


def assess(work: Work) -> Assessment:
    """Nothing yet."""
    return Assessment(Verdict.NOT_EVALUATED, "Not built yet.")


SPECIALIST = Specialist(
    name="testing",
    title="Testing",
    purpose="Runs the application's own tests in isolation and measures what they cover.",
    tools=(),
    assess=assess,
)
