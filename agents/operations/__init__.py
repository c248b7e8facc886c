"""The operations of the graphs for real: what `agents.context.Operations` promises, done by the use cases of `workloads`.

One module a part of the way: checkouts, assessments, planning, rollouts, returns, questions, reports. Each effect goes through
`workloads.changes.apply` under the key of its node; each may be asked again after a lost worker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agents.context import Context, Incidents
from agents.models import Run
from agents.operations import assessments as specialists
from agents.operations import checkouts, leftovers, planning, questions, reports, returns, rollouts
from agents.operations.incidents import RealIncidents, ending
from workloads.evidence import Assessment


class RealOperations:
    """Each verb in one module; see `agents.context.Operations` for what they answer."""

    incidents: Incidents = RealIncidents()

    def checkout(self, context: Context, ref: str) -> Assessment:
        """The source of the commit that `ref` names."""
        return checkouts.checkout(context, ref)

    def assess(self, context: Context, specialist: str, commit: str) -> Assessment:
        """What one specialist finds in the source."""
        return specialists.assess(context, specialist, commit)

    def plan(self, context: Context, commit: str, assessments: Mapping[str, Mapping[str, Any]]) -> Assessment:
        """The release, its migrations classed, the preview."""
        return planning.plan(context, commit, assessments)

    def plan_rollback(self, context: Context) -> Assessment:
        """What a rollback would return to, once nothing half-done is in its way."""
        leftovers.settle(context)
        return returns.plan(context)

    def gate(self, context: Context, release: int, assessments: Mapping[str, Mapping[str, Any]]) -> Assessment:
        """The Change, judged by policy, once nothing half-done is in its way."""
        leftovers.settle(context)
        return questions.gate(context, release, assessments)

    def decision(self, context: Context, change: int) -> Assessment:
        """How the Change stands."""
        return questions.decision(change)

    def apply(self, context: Context, change: int) -> Assessment:
        """Apply the approved Change."""
        return rollouts.apply(context, change)

    def verify(self, context: Context, deployment: int) -> Assessment:
        """Watch the release that has the traffic."""
        return rollouts.verify(context, deployment)

    def promote(self, context: Context, deployment: int, question: int | None) -> Assessment:
        """Make it the live release."""
        return rollouts.promote(context, deployment, question)

    def roll_back(self, context: Context, deployment: int) -> Assessment:
        """Undo it, open an incident, hold automation."""
        return returns.roll_back(context, deployment)

    def ask(self, context: Context, deployment: int) -> Assessment:
        """Propose to keep a release that could not be verified."""
        return questions.ask(context, deployment)

    def abandon(self, context: Context) -> Assessment:
        """Clean up after a run that is cancelled."""
        incident = Run.objects.filter(pk=context.run, workflow="incident").exists()
        return ending.abandon(context) if incident else returns.abandon(context)

    def report(self, context: Context, outcome: str, nodes: Sequence[str]) -> Assessment:
        """The last word."""
        return reports.report(context, outcome, nodes)
