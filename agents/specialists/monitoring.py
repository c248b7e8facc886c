"""Monitoring: what was measured of the running release, as an assessment."""

from __future__ import annotations

from agents.specialists.work import Specialist, Work
from workloads.evidence import Assessment
from workloads.verdicts import Verdict


def assess(work: Work) -> Assessment:
    """The driver's verdict with its evidence; without measurements nothing is said to be well."""
    outcome = work.outcome
    if outcome is None:
        return Assessment(Verdict.NOT_EVALUATED, "Nothing was measured of this release.", "Deploy it, then ask again.")
    return Assessment(
        outcome.verdict,
        outcome.summary,
        outcome.cure,
        outcome.evidence,
        data={"switched": outcome.switched, "instance": outcome.instance_id},
    )


SPECIALIST = Specialist(
    name="monitoring",
    title="Monitoring",
    purpose="Judges what was measured of the running release.",
    tools=("get_samples", "get_logs", "get_probe", "get_deployments", "search_knowledge", "get_document", "propose_rollback"),
    assess=assess,
    at_node="verify",
)
