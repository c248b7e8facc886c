"""The effect and its verdict: apply the Change, watch the release, keep it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import close_old_connections

from agents.context import Context
from agents.models import Step
from agents.operations import actors
from agents.specialists import Work, registry
from controlplane.core.errors import Conflict, LeaseLost, NotFound, Refused, TimonelError
from workloads import actions, changes, deployments, rollback
from workloads.drivers import Outcome
from workloads.evidence import Assessment, Evidence
from workloads.models import Deployment
from workloads.source.project import Project
from workloads.verdicts import Verdict

WATCH_SECONDS = {"local": 10.0, "staging": 30.0, "production": 60.0}


def apply(context: Context, change_id: int) -> Assessment:
    """Stage, switch. What no longer holds at this moment is a refusal, not a failure."""
    try:
        outcome = changes.apply(change_id, key=context.key, fence=context.fence, say=context.say)
    except changes.NotYet as early:
        return Assessment(Verdict.NOT_EVALUATED, early.message, early.cure, data={"applied": "kept"})
    except (Refused, Conflict, NotFound) as error:
        return Assessment(Verdict.NOT_EVALUATED, error.message, error.cure, data={"applied": "refused"})
    applied = "switched" if outcome.switched else "not_switched"
    return _assessment(outcome, {"applied": applied, "deployment": deployment_of(change_id).pk})


def verify(context: Context, deployment_id: int) -> Assessment:
    """Watch what has the traffic. What cannot be watched is inconclusive: traffic is on it, so somebody must decide."""
    deployment = _deployment(deployment_id)
    outcome = watch(context, deployment)
    if outcome.verdict is not Verdict.PASSED:
        deployments.record_verdict(actors.engine(context), deployment, outcome.verdict, actions.evidence_of(outcome))
    found = registry()["monitoring"].assess(_work(context, deployment, outcome))
    return replace(found, data={"verified": found.verdict.value})


def watch(context: Context, deployment: Deployment) -> Outcome:
    """The driver's verdict on what a deployment's Change applied."""
    if deployment.change_id is None:
        return Outcome(Verdict.INCONCLUSIVE, "Nothing says what was applied.", switched=True)
    seconds = WATCH_SECONDS.get(deployment.environment.tier, 30.0)
    close_old_connections()
    try:
        return changes.verify(deployment.change_id, say=context.say, seconds=seconds)
    except LeaseLost:
        raise
    except TimonelError as error:
        return Outcome(Verdict.INCONCLUSIVE, error.message, switched=True, cure=error.cure)


def promote(context: Context, deployment_id: int, question: int | None) -> Assessment:
    """Keep it: verified, or by a person's word."""
    deployment, outcome = _deployment(deployment_id), verified(context)
    if question is not None:
        kept = changes.apply(question, key=context.key, fence=context.fence, say=context.say)
        return _assessment(kept, {"kept": kept.switched})
    if deployment.kind == Deployment.Kind.ROLL_BACK and deployment.change is not None:
        rollback.conclude(actors.engine(context), deployment.change, outcome)
    else:
        deployments.mark_live(actors.engine(context), deployment, outcome.verdict, actions.evidence_of(outcome))
    return Assessment(Verdict.PASSED, f"{deployment.release.label} is live in {deployment.environment}, and verified.")


def verified(context: Context) -> Outcome:
    """What the verify step of this run found, as it wrote it down."""
    step = Step.objects.filter(run=context.run, node="verify", status=Step.Status.DONE).order_by("-pk").first()
    if step is None:
        return Outcome(Verdict.NOT_EVALUATED, "It was not verified.", switched=True)
    evidence = tuple(Evidence(**piece) for piece in step.evidence)
    return Outcome(Verdict(step.verdict), step.summary, switched=True, cure=step.cure, evidence=evidence)


def deployment_of(change_id: int) -> Deployment:
    """The deployment that a Change makes."""
    return Deployment.objects.get(change=change_id)


def in_flight(run: int) -> Deployment | None:
    """What this run began and neither kept nor took back."""
    found = Deployment.objects.filter(run_number=run, status__in=deployments.UNDER_WAY)
    return found.select_related("release", "change", "environment__application").order_by("-pk").first()


def _work(context: Context, deployment: Deployment, outcome: Outcome) -> Work:
    """What monitoring is given: the running release and what the driver measured of it."""
    release = deployment.release
    return Work(
        run=context.run,
        environment=deployment.environment,
        application=deployment.environment.application,
        source=Path(settings.DATA_DIR) / "artefacts" / release.artefact_digest / "source",
        project=Project(folder=str(release.run_plan.get("folder") or "")),
        commit=release.commit,
        say=context.say,
        deadline=context.deadline,
        cancelled=context.cancelled,
        outcome=outcome,
    )


def _deployment(pk: int) -> Deployment:
    return Deployment.objects.select_related("release", "change", "environment__application").get(pk=pk)


def _assessment(outcome: Outcome, data: dict[str, Any]) -> Assessment:
    return Assessment(outcome.verdict, outcome.summary, outcome.cure, outcome.evidence, data=data)
