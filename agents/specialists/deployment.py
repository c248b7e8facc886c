"""Tells what the roll-out will do: migrations by class, release steps, processes, and the way back."""

from __future__ import annotations

from agents.specialists.work import Specialist, Work
from workloads.evidence import Assessment
from workloads.verdicts import Verdict


def assess(work: Work) -> Assessment:
    """Nothing yet."""
    return Assessment(Verdict.NOT_EVALUATED, "Not built yet.")


SPECIALIST = Specialist(
    name="deployment",
    title="Deployment",
    purpose="Tells what the roll-out will do: migrations by class, release steps, processes, and the way back.",
    tools=(),
    assess=assess,
)
