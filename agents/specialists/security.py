"""Looks for vulnerable dependencies, dangerous code, secrets in the source and unsafe settings."""

from __future__ import annotations

from agents.specialists.work import Specialist, Work
from workloads.evidence import Assessment
from workloads.verdicts import Verdict


def assess(work: Work) -> Assessment:
    """Nothing yet."""
    return Assessment(Verdict.NOT_EVALUATED, "Not built yet.")


SPECIALIST = Specialist(
    name="security",
    title="Security",
    purpose="Looks for vulnerable dependencies, dangerous code, secrets in the source and unsafe settings.",
    tools=(),
    assess=assess,
)
