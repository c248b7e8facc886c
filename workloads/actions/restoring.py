"""What drifted becomes what was applied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controlplane.core.errors import Conflict, Refused
from workloads.actions.drafts import Kind
from workloads.actions.work import AGAIN, Work
from workloads.drivers import Mends, Outcome
from workloads.models import Environment
from workloads.verdicts import Verdict


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
