"""The way back: a person's rollback, the automatic one after a failed verification, cleaning up after a cancel."""

from __future__ import annotations

import time

from agents.context import Context
from agents.operations import actors, rollouts
from agents.operations.checkouts import environment_of
from controlplane.core.errors import Conflict, Refused
from workloads import actions, changes, deployments, incidents, rollback
from workloads.drivers import Outcome
from workloads.evidence import Assessment, Evidence
from workloads.models import Change, Deployment, Environment
from workloads.rollback import Response
from workloads.verdicts import Verdict

ASK_AGAIN_SECONDS = 2.0


def plan(context: Context) -> Assessment:
    """What would be returned to, and what the migrations applied since make of it."""
    found = rollback.plan(environment_of(context))
    if found.target is None:
        return Assessment(Verdict.FAILED, found.impossible_because, "Roll out the release you want instead.")
    told = Evidence("What returns, and what stays", "text", "\n".join(found.sentences))
    summary = f"Back to {found.target.release.label}. {' '.join(found.sentences)}"
    return Assessment(Verdict.PASSED, summary, evidence=(told,), data={"release": found.target.release_id})


def roll_back(context: Context, deployment_id: int) -> Assessment:
    """Take back what failed: nothing where traffic never came, the last verified release where it did."""
    deployment = Deployment.objects.select_related("release", "change", "environment__application").get(pk=deployment_id)
    if not _was_switched(deployment):
        return _never_switched(context, deployment)
    response = _response(context, deployment, rollouts.verified(context))
    if response.change is None:
        return _stays(deployment, response)
    return _return(context, response.change, deployment)


def abandon(context: Context) -> Assessment:
    """Withdraw what waits, bring to its end what was half done, take back what was not promoted."""
    engine = actors.engine(context)
    for change in Change.objects.filter(run_number=context.run, status__in=[Change.Status.WAITING, Change.Status.APPROVED]):
        changes.cancel(engine, change.pk, "The run was cancelled.")
    for change in Change.objects.filter(run_number=context.run, status=Change.Status.APPLYING):
        changes.apply(change.pk, key=change.result["apply"]["key"], fence=context.fence, say=context.say)
    deployment = rollouts.in_flight(context.run)
    if deployment is None:
        return Assessment(Verdict.PASSED, "Nothing was changed.")
    return _take_back(context, deployment)


def _response(context: Context, deployment: Deployment, outcome: Outcome) -> Response:
    """What the rules of automatic rollback say; asked again while something else is being applied there."""
    while True:
        response = rollback.respond(actors.engine(context), deployment, outcome, idempotency_key=context.key)
        if not response.wait or context.remaining() < ASK_AGAIN_SECONDS:
            return response
        context.say(response.because)
        time.sleep(ASK_AGAIN_SECONDS)


def _return(context: Context, change: Change, failed: Deployment) -> Assessment:
    """Apply the rollback, watch it, write down how it stands."""
    try:
        outcome = changes.apply(change.pk, key=context.key, fence=context.fence, say=context.say)
    except (Refused, Conflict) as error:
        return Assessment(Verdict.FAILED, f"{failed.release.label} could not be rolled back: {error}", data={"returned": False})
    if not outcome.switched:
        text = f"{failed.release.label} could not be rolled back: {outcome.summary}"
        return Assessment(Verdict.FAILED, text, outcome.cure, outcome.evidence, data={"returned": False})
    returned = rollouts.deployment_of(change.pk)
    watched = rollouts.watch(context, returned) if returned.status == Deployment.Status.VERIFYING else outcome
    rollback.conclude(actors.engine(context), change, watched)
    summary = f"{failed.release.label} was rolled back: {returned.release.label} is live again. {watched.summary}"
    cure = "Automation is held here until a person deploys or releases the hold." if returned.automatic else ""
    return Assessment(watched.verdict, summary, cure, watched.evidence, data={"returned": True})


def _never_switched(context: Context, deployment: Deployment) -> Assessment:
    """The stable address was never touched: what ran before still does."""
    live = deployments.current(deployment.environment)
    outcome = deployment.evidence
    never, stopped = _words(deployment)
    title = f"{deployment.release.label} failed in {deployment.environment} {never}"
    incident = incidents.open_for(deployment, title, outcome, actor=actors.engine(context))
    why = outcome.get("summary", "")
    if live is None:
        text = f"{why} {stopped}. Nothing ran here before, so there is nothing to return to."
        return Assessment(Verdict.PASSED, text, outcome.get("cure", ""), data={"returned": False})
    incidents.mitigate(actors.engine(context), incident)
    text = f"{why} {stopped} {never}; {live.release.label} stays live."
    return Assessment(Verdict.PASSED, text, outcome.get("cure", ""), data={"returned": True})


def _words(deployment: Deployment) -> tuple[str, str]:
    """On a cluster a release may have had a part of the traffic before its driver took it back."""
    if deployment.environment.driver == Environment.Driver.KUBERNETES:
        return "before it had all the traffic", "It was taken back"
    return "before it got any traffic", "It was stopped"


def _stays(deployment: Deployment, response: Response) -> Assessment:
    text = f"{deployment.release.label} was not rolled back. {response.because}"
    return Assessment(Verdict.FAILED, text, "Deploy a release that works, or roll back by hand.", data={"returned": False})


def _take_back(context: Context, deployment: Deployment) -> Assessment:
    """A cancelled release that has the traffic: back to the last verified one, where there is one."""
    engine, label = actors.engine(context), deployment.release.label
    if not rollback.plan(deployment.environment).possible or deployment.kind == Deployment.Kind.ROLL_BACK:
        outcome = Outcome(Verdict.NOT_EVALUATED, "The run was cancelled before it was verified.", switched=True)
        deployments.mark_live(engine, deployment, outcome.verdict, actions.evidence_of(outcome))
        return Assessment(Verdict.NOT_EVALUATED, f"{label} keeps the traffic, unverified: there is nothing to return to.")
    change = rollback.propose(
        engine, deployment.environment, reason="The run was cancelled.", idempotency_key=context.key, run_number=context.run
    )
    return _return(context, change, deployment)


def _was_switched(deployment: Deployment) -> bool:
    """Whether its Change ever sent traffic to it."""
    return bool(deployment.change and deployment.change.result.get("outcome", {}).get("switched"))
