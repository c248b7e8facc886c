"""Releases: rolled out beside the live one, and the last verified one brought back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from controlplane.core.errors import Conflict, LeaseLost, Refused, TimonelError
from workloads import deployments, previews
from workloads.actions.drafts import Kind
from workloads.actions.work import AGAIN, Work, evidence_of, failure, release_of
from workloads.drivers import Outcome
from workloads.models import Deployment, Environment, Instance, Release
from workloads.verdicts import Verdict


class RollOut:
    """A release beside the live one, checked, then given the traffic."""

    def preview(self, environment: Environment, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The release against what runs now."""
        current = deployments.current(environment)
        release = release_of(environment, parameters)
        return previews.render(
            environment, release, current.release if current else None, parameters.get("facts", {}), kind=Kind.ROLL_OUT.value
        )

    def apply(self, work: Work) -> Outcome:
        """Stage, switch; what fails before the switch leaves traffic where it was."""
        deployment = deployments.begin(work.actor, work.deployment)
        outcome = _attempt(_stage_and_switch, work, deployment.release)
        if outcome.switched:
            _once_switched(work, deployment)
        else:
            deployments.mark_failed(work.actor, deployment, outcome.verdict, evidence_of(outcome))
        return outcome

    def demand_as_shown(self, work: Work) -> None:
        """Foresee it once more."""
        _demand_as_shown(work, returning=False)

    def verify(self, work: Work) -> Outcome:
        """Watch it through its stable address."""
        return _observe(work)

    def undo(self, work: Work) -> Outcome:
        """Give the traffic back to the instance before."""
        return work.outside.undo(work.environment, _active(work.environment), f"{work.key}-undo", work.say)


class RollBack:
    """The last verified release again: at once where its instance still runs, otherwise started anew."""

    def preview(self, environment: Environment, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The former release against what runs now."""
        current = deployments.current(environment)
        release = release_of(environment, parameters)
        shown = previews.render(
            environment, release, current.release if current else None, parameters.get("facts", {}), kind=Kind.ROLL_BACK.value
        )
        return {**shown, "returns_to": parameters["deployment"], "automatic": parameters.get("automatic", False)}

    def apply(self, work: Work) -> Outcome:
        """Take the traffic back; only then is what ran called rolled back."""
        deployment = work.deployment
        leaving = deployment.previous
        if leaving is not None and leaving.status == Deployment.Status.VERIFYING:
            deployments.mark_failed(work.actor, leaving, Verdict(leaving.verdict))  # one attempt at a time
        deployment = deployments.begin(work.actor, deployment)
        outcome = _attempt(self._return, work, deployment.release)
        if outcome.switched:
            _once_switched(work, deployment)
            if leaving is not None and leaving.status != Deployment.Status.ROLLED_BACK:
                deployments.mark_rolled_back(work.actor, leaving)
            return outcome
        deployments.mark_failed(work.actor, deployment, outcome.verdict, evidence_of(outcome))
        if leaving is not None:
            deployments.mark_live(work.actor, leaving, Verdict(leaving.verdict))  # it still has the traffic
        return outcome

    def demand_as_shown(self, work: Work) -> None:
        """Foresee it once more."""
        _demand_as_shown(work, returning=True)

    def verify(self, work: Work) -> Outcome:
        """Watch it through its stable address."""
        return _observe(work)

    def undo(self, work: Work) -> Outcome:
        """Never: a rollback is not rolled back."""
        raise Refused("A rollback is never rolled back.", cure="Roll out the release you want instead.")

    def _return(self, work: Work, release: Release) -> Outcome:
        active = work.environment.active_instance
        if active is not None and active.replaced is not None and active.replaced.release_id == release.pk:
            outcome = work.outside.undo(work.environment, active, f"{work.key}-undo", work.say)
            if outcome.switched:
                return outcome
            work.say(f"The instance before could not take over ({outcome.summary}); starting {release.label} anew.")
        return _stage_and_switch(work, release, returning=True)


def _attempt(effect: Callable[[Work, Release], Outcome], work: Work, release: Release) -> Outcome:
    """A driver's error is a failed outcome; a lost lease is not: whoever holds it now goes on."""
    try:
        return effect(work, release)
    except LeaseLost:
        raise
    except TimonelError as error:
        return failure(error)


def _demand_as_shown(work: Work, *, returning: bool) -> None:
    """The world outside must be what it was when the preview was made."""
    release = release_of(work.environment, work.parameters)
    if work.shown is not None and work.outside.foresee(work.environment, release, returning=returning) != work.shown:
        raise Conflict(
            f"{work.environment} has moved on its cluster, so this change would now do something else than was shown.",
            cure=AGAIN,
        )


def _stage_and_switch(work: Work, release: Release, *, returning: bool = False) -> Outcome:
    """Traffic goes to what passed its checks; to what nobody can judge only where nothing live could be harmed by it."""
    key = f"{work.key}-stage"
    staged = work.outside.stage(work.environment, release, key, work.say, returning=returning, shown=work.shown)
    if staged.verdict is Verdict.FAILED or staged.instance_id is None:
        return staged
    instance = Instance.objects.get(pk=staged.instance_id)
    unharmed = work.environment.active_instance_id in {None, instance.pk}
    if staged.verdict is not Verdict.PASSED and not unharmed:
        work.outside.retire(work.environment, instance)
        return staged
    outcome = work.outside.switch(work.environment, instance, f"{work.key}-switch", work.say)
    if not outcome.switched:
        work.outside.retire(work.environment, instance)
        return outcome
    return outcome if staged.verdict is Verdict.PASSED else replace(staged, switched=True)


def _once_switched(work: Work, deployment: Deployment) -> None:
    """Called again after a crash, the first call may have got this far already."""
    if deployment.status == Deployment.Status.APPLYING:
        deployments.switched(work.actor, deployment)


def _observe(work: Work) -> Outcome:
    return work.outside.observe(work.environment, _active(work.environment), work.seconds, work.say)


def _active(environment: Environment) -> Instance:
    if environment.active_instance is None:
        raise Conflict(f"Nothing runs in {environment}.", cure="Deploy a release first.")
    return environment.active_instance
