"""Reads the code as tools read it and tells what is new since the live commit."""

from __future__ import annotations

from agents.specialists.work import Specialist, Work
from workloads.evidence import Assessment
from workloads.verdicts import Verdict


def assess(work: Work) -> Assessment:
    """Nothing yet."""
    return Assessment(Verdict.NOT_EVALUATED, "Not built yet.")


SPECIALIST = Specialist(
    name="code_quality",
    title="Code quality",
    purpose="Reads the code as tools read it and tells what is new since the live commit.",
    tools=(),
    assess=assess,
)
