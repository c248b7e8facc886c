"""Judges what was measured of the running release."""

from __future__ import annotations

from agents.specialists.work import Specialist, Work
from workloads.evidence import Assessment
from workloads.verdicts import Verdict


def assess(work: Work) -> Assessment:
    """Nothing yet."""
    return Assessment(Verdict.NOT_EVALUATED, "Not built yet.")


SPECIALIST = Specialist(
    name="monitoring",
    title="Monitoring",
    purpose="Judges what was measured of the running release.",
    tools=(),
    assess=assess,
)
