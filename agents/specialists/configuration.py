"""Compares the variables the settings read with those provided, before anything is touched."""

from __future__ import annotations

from agents.specialists.work import Specialist, Work
from workloads.evidence import Assessment
from workloads.verdicts import Verdict


def assess(work: Work) -> Assessment:
    """Nothing yet."""
    return Assessment(Verdict.NOT_EVALUATED, "Not built yet.")


SPECIALIST = Specialist(
    name="configuration",
    title="Configuration",
    purpose="Compares the variables the settings read with those provided, before anything is touched.",
    tools=(),
    assess=assess,
)
