"""Promotion: exactly the commit that is live and verified in one environment is deployed to the next.

It is a deploy run like every other: checks, plan, policy and approval are those of the target, and so are its variables.
"""

from __future__ import annotations

from agents import runs
from agents.models import Run
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid
from workloads.models import Deployment, Environment, Release
from workloads.verdicts import Verdict


def promote(actor: Actor, source: Deployment, target: Environment, *, idempotency_key: str) -> Run:
    """Start a deploy run of the source's commit in the target; the same key finds the run it made before.

    Raises Invalid for an environment of another application, Conflict when the source is not live and verified (any more),
    Refused where the actor may not run.
    """
    release = source.release
    if release.application_id != target.application_id:
        raise Invalid(f"{target} runs another application.", cure="Choose an environment of the same application.")
    if source.status != Deployment.Status.LIVE:
        raise Conflict(
            f"{release.label} is not live in {source.environment.name} any more.", cure="Look again at what is live there now."
        )
    if source.verdict != Verdict.PASSED:
        verdict = source.get_verdict_display()
        raise Conflict(
            f"{release.label} is {verdict} in {source.environment.name}; only what passed its verification is promoted.",
            cure="Find out why, or deploy that version by its name.",
        )
    return runs.start(actor, target, "deploy", input_of(release, target), idempotency_key=idempotency_key)


def input_of(release: Release, target: Environment) -> dict[str, object]:
    """What a deploy run of exactly this release's commit is asked for; `named` is how people call it.

    A cluster gets the very image that ran before.
    """
    image = {"image": release.image} if release.image and target.driver == Environment.Driver.KUBERNETES else {}
    return {"ref": release.commit, "named": release.label, "release": release.pk, **image}
