"""What every effect works with, what it keeps to, and how what came of it is written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from controlplane.core.actors import Actor
from controlplane.core.connections import give_back
from controlplane.core.errors import Invalid, TimonelError
from workloads import foreseen
from workloads.drivers import Driver, Outcome, Say
from workloads.foreseen import Foreseen
from workloads.models import Change, Deployment, Environment, Release
from workloads.verdicts import Verdict

AGAIN = "Ask for it again: the new proposal shows what would be done now."


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
    action: int | None = None

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


def release_of(environment: Environment, parameters: Mapping[str, Any]) -> Release:
    """The release these parameters name, of this application."""
    found = Release.objects.select_related("application").filter(application=environment.application_id)
    release = found.filter(pk=parameters["release"]).first()
    if release is None:
        raise Invalid(f"{environment.application} has no release {parameters.get('release')}.")
    return release


def deployment_of(environment: Environment, parameters: Mapping[str, Any]) -> Deployment:
    """The deployment these parameters name, of this environment."""
    found = Deployment.objects.select_related("release__application", "environment").filter(environment=environment)
    deployment = found.filter(pk=parameters["deployment"]).first()
    if deployment is None:
        raise Invalid(f"{environment} has no deployment {parameters.get('deployment')}.")
    return deployment
