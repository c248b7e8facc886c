"""Builds the artefact of the release and tells what it took."""

from __future__ import annotations

from agents.specialists.work import Specialist, Work
from workloads.evidence import Assessment
from workloads.verdicts import Verdict


def assess(work: Work) -> Assessment:
    """Nothing yet."""
    return Assessment(Verdict.NOT_EVALUATED, "Not built yet.")


SPECIALIST = Specialist(
    name="cicd",
    title="CI/CD",
    purpose="Builds the artefact of the release and tells what it took.",
    tools=(),
    assess=assess,
)
