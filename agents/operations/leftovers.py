"""What a run that failed half-way left in its environment: settled when the next run is about to act there."""

from __future__ import annotations

from agents.context import Context
from agents.models import Run
from agents.operations import actors
from workloads import actions, changes, deployments
from workloads.drivers import Outcome
from workloads.models import Change, Deployment
from workloads.verdicts import Verdict


def settle(context: Context) -> None:
    """Close what ended runs left under way; a release that got the traffic keeps it, unverified.

    A run that can be retried keeps its half-done work for the retry until another run takes over.
    """
    engine = actors.engine(context)
    ended = Run.objects.filter(environment=context.environment, status__in=Run.ENDED).values("pk")
    left = {"environment": context.environment, "run_number__in": ended}
    for change in Change.objects.filter(**left, status=Change.Status.APPLYING):
        context.say(f"Change {change.pk} was left half-done by run {change.run_number}; closing it.", level="warning")
        changes.abandon(engine, change.pk, f"Its run ended before it was done; run {context.run} took over.")
    for deployment in Deployment.objects.filter(**left, status=Deployment.Status.VERIFYING).select_related(
        "release", "environment"
    ):
        context.say(f"{deployment} was left unverified by run {deployment.run_number}.", level="warning")
        outcome = Outcome(Verdict.NOT_EVALUATED, "Its run ended before it was verified.", switched=True)
        deployments.mark_live(engine, deployment, outcome.verdict, actions.evidence_of(outcome))
