"""Keeping a release live although its verification could not tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controlplane.core.errors import Refused
from workloads import deployments, previews
from workloads.actions.drafts import Kind
from workloads.actions.work import Work, deployment_of
from workloads.drivers import Outcome
from workloads.models import Environment
from workloads.verdicts import Verdict


class Promote:
    """A person's word that an inconclusive release stays live."""

    def preview(self, environment: Environment, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Which release, and what its verification found."""
        deployment = deployment_of(environment, parameters)
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
        deployment = deployment_of(work.environment, work.parameters)
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
