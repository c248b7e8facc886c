"""The typed effects of a Change: preview, apply, verify, undo. Called by workloads.changes only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from controlplane.core.actors import Actor
from controlplane.core.connections import give_back
from controlplane.core.errors import Conflict, Invalid, LeaseLost, Refused, TimonelError
from workloads import deployments, foreseen, previews
from workloads.drivers import Driver, Mends, Outcome, Say
from workloads.foreseen import Foreseen
from workloads.models import Action, Change, Deployment, Environment, Instance, Release
from workloads.previews import Facts, Preview
from workloads.verdicts import Verdict

Kind = Action.Kind
AGAIN = "Ask for it again: the new proposal shows what would be done now."


@dataclass(frozen=True, slots=True)
class ActionDraft:
    """An effect that is proposed: its kind, and ids and plain values as `roll_out`, `roll_back` and `promote` make them."""

    kind: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


def roll_out(release: Release, facts: Facts) -> ActionDraft:
    """Make this release live."""
    return ActionDraft(Kind.ROLL_OUT, {"release": release.pk, "facts": facts.as_json()})


def roll_back(to: Deployment, facts: Facts, *, automatic: bool = False) -> ActionDraft:
    """Make the release of this former deployment live again, with its code, configuration and variables."""
    return ActionDraft(
        Kind.ROLL_BACK, {"release": to.release_id, "deployment": to.pk, "facts": facts.as_json(), "automatic": automatic}
    )


def promote(deployment: Deployment) -> ActionDraft:
    """Keep a release live although its verification was inconclusive."""
    return ActionDraft(Kind.PROMOTE, {"deployment": deployment.pk})


def restore(drifted: Foreseen) -> ActionDraft:
    """Make what drifted as it was applied."""
    return ActionDraft(Kind.RESTORE, {"facts": Facts(world=drifted.as_json()).as_json()})


@dataclass(frozen=True, slots=True)
class Work:
    """What an effect works with: its Change and parameters, the driver, the idempotency key, and where to tell progress."""

    change: Change
    environment: Environment
    parameters: Mapping[str, Any]
    driver: Driver
    key: str
    say: Say
    seconds: float = 30.0

    @property
    def shown(self) -> Foreseen | None:
        """What was foreseen of a world outside, shown and approved."""
        told = self.parameters.get("facts", {}).get("world")
        return foreseen.read(told) if told else None

    @property
    def actor(self) -> Actor:
        """Effects are written down as done by their Change."""
        return Actor.system(f"change {self.change.pk}")

    @property
    def outside(self) -> Driver:
        """The driver, which waits for the world: no database connection is held meanwhile."""
        give_back()
        return self.driver

    @property
    def deployment(self) -> Deployment:
        """The deployment that this Change makes."""
        return Deployment.objects.select_related("release", "environment").get(change=self.change)


class Effect(Protocol):
    """One kind of Action. `apply` may be called again with the same key and then finds what the first call did."""

    def preview(self, environment: Environment, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """What it would do, from the rows as they are now."""

    def apply(self, work: Work) -> Outcome:
        """Do it."""

    def demand_as_shown(self, work: Work) -> None:
        """Raise Conflict where a world outside is not as it was shown any more; looks, and changes nothing."""

    def verify(self, work: Work) -> Outcome:
        """Say whether it came out well; changes nothing."""

    def undo(self, work: Work) -> Outcome:
        """Take it back at once, where that is possible."""


class RollOut:
    """A release beside the live one, checked, then given the traffic."""

    def preview(self, environment: Environment, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The release against what runs now."""
        current = deployments.current(environment)
        release = _release(environment, parameters)
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
        release = _release(environment, parameters)
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


class Promote:
    """A person's word that an inconclusive release stays live."""

    def preview(self, environment: Environment, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Which release, and what its verification found."""
        deployment = _deployment(environment, parameters)
        return {
            "kind": Kind.PROMOTE.value,
            "what": f"Keep {deployment.release.label} live in {environment.name} although its verification was "
            f"{Verdict(deployment.verdict).label}. If this is rejected, it is rolled back.",
            "to": previews.describe(deployment.release),
            "deployment": deployment.pk,
            "verdict": deployment.verdict,
            "evidence": deployment.evidence,
        }

    def apply(self, work: Work) -> Outcome:
        """Make it live with the verdict it has: not verified, so never a target of a rollback.

        Where it has a part of the traffic only, it gets all of it first.
        """
        deployment = _deployment(work.environment, work.parameters)
        active = work.environment.active_instance
        if active is not None and active.release_id == deployment.release_id:
            outcome = work.outside.complete(work.environment, active, f"{work.key}-complete", work.say)
            if not outcome.switched:
                return outcome
        deployments.mark_live(work.actor, deployment, Verdict(deployment.verdict))
        return Outcome(Verdict.PASSED, f"{deployment.release.label} stays live, unverified, by a person's decision.", switched=True)

    def demand_as_shown(self, work: Work) -> None:
        """Nothing outside was shown."""

    def verify(self, work: Work) -> Outcome:
        """Nothing new was done that could be verified."""
        return Outcome(Verdict.NOT_EVALUATED, "Kept live by a person's decision.", switched=True)

    def undo(self, work: Work) -> Outcome:
        """Nothing was done that could be taken back."""
        raise Refused("Keeping a release live cannot be undone.", cure="Roll back instead.")


class Restore:
    """What drifted becomes what was applied, and nothing else does."""

    def preview(self, environment: Environment, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Each object that drifted, with who changed it."""
        world = parameters["facts"]["world"]
        named = [f"{one['kind']}/{one['name']}" for one in world["differences"]]
        return {
            "kind": Kind.RESTORE.value,
            "what": f"Restore what drifted in {environment}: {', '.join(named[:4])}{' ...' if len(named) > 4 else ''}",
            "world": world,
        }

    def apply(self, work: Work) -> Outcome:
        """Apply it again, taking back what others took."""
        assert work.shown is not None
        return self._driver(work).mend(work.environment, work.shown, work.key, work.say)

    def demand_as_shown(self, work: Work) -> None:
        """Look for drift once more."""
        if self._driver(work).drifted(work.environment) != work.shown:
            raise Conflict(f"{work.environment} drifted further since this was shown.", cure=AGAIN)

    def verify(self, work: Work) -> Outcome:
        """Looked at again when it was mended."""
        return Outcome(Verdict.NOT_EVALUATED, "Looked at when it was restored.", switched=True)

    def undo(self, work: Work) -> Outcome:
        """What others did is not done again."""
        raise Refused("What was restored is not undone.", cure="Change the release or the target's options instead.")

    @staticmethod
    def _driver(work: Work) -> Mends:
        driver = work.outside
        if not isinstance(driver, Mends):
            raise Refused(f"{work.environment} has a driver that restores nothing.")
        return driver


EFFECTS: dict[str, Effect] = {
    Kind.ROLL_OUT: RollOut(),
    Kind.ROLL_BACK: RollBack(),
    Kind.PROMOTE: Promote(),
    Kind.RESTORE: Restore(),
}


def effect_of(kind: str) -> Effect:
    """The effect of this kind."""
    try:
        return EFFECTS[kind]
    except KeyError:
        raise Invalid(f"There is no action '{kind}'.", cure=f"Use one of: {', '.join(sorted(EFFECTS))}.") from None


def preview(environment: Environment, drafts: Sequence[ActionDraft]) -> Preview:
    """What these actions would do to this environment as it is now: the bytes to show and to hash."""
    fresh = Environment.objects.select_related("application").get(pk=environment.pk)
    return previews.seal(
        {
            "format": 1,
            "target": previews.target(fresh, deployments.current(fresh)),
            "actions": [effect_of(draft.kind).preview(fresh, draft.parameters) for draft in drafts],
        }
    )


def evidence_of(outcome: Outcome) -> dict[str, Any]:
    """An outcome as a record keeps it."""
    return {
        "summary": outcome.summary,
        "cure": outcome.cure,
        "verdict": outcome.verdict.value,
        "switched": outcome.switched,
        "instance": outcome.instance_id,
        "evidence": [piece.as_json() for piece in outcome.evidence],
    }


def failure(error: TimonelError) -> Outcome:
    """What an error of the driver comes to: traffic is where it was."""
    return Outcome(Verdict.FAILED, error.message, switched=False, cure=error.cure)


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
    release = _release(work.environment, work.parameters)
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


def _release(environment: Environment, parameters: Mapping[str, Any]) -> Release:
    found = Release.objects.select_related("application").filter(application=environment.application_id)
    release = found.filter(pk=parameters["release"]).first()
    if release is None:
        raise Invalid(f"{environment.application} has no release {parameters.get('release')}.")
    return release


def _deployment(environment: Environment, parameters: Mapping[str, Any]) -> Deployment:
    found = Deployment.objects.select_related("release__application", "environment").filter(environment=environment)
    deployment = found.filter(pk=parameters["deployment"]).first()
    if deployment is None:
        raise Invalid(f"{environment} has no deployment {parameters.get('deployment')}.")
    return deployment
