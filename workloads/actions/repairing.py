"""One object is repaired as it was shown; what stood before is kept, and taking it back is a Change of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controlplane.core.errors import Conflict, Invalid, Refused
from workloads import foreseen, formers, previews, repairs
from workloads.actions.drafts import Kind
from workloads.actions.work import AGAIN, Work
from workloads.drivers import Order, Outcome, Repairs
from workloads.models import Action, Environment
from workloads.repairs import KINDS, Repair


class Mend:
    """A repair, or (`undoes`) the way back from one."""

    def preview(self, environment: Environment, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """What is written, in words, with what the cluster's dry run said."""
        told = parameters["repair"]
        return {
            "kind": Kind.REPAIR.value,
            "what": f"{environment}: {told['summary']}",
            "repair": {
                "kind": told["kind"],
                "label": KINDS[told["kind"]].label,
                "object": f"{told['ref']['kind']}/{told['ref']['name']}",
                "namespace": told["ref"]["namespace"],
                "fault": told.get("fault", ""),
                "seal": previews.seal_of(told),
            },
            "undoes": parameters.get("undoes"),
            "incident": parameters.get("incident"),
            "unattended": parameters.get("unattended", ""),
            "notes": list(parameters.get("notes", ())),
            "world": parameters["facts"]["world"],
        }

    def apply(self, work: Work) -> Outcome:
        """Write it; a repeat finds what the first try did."""
        return driver_of(work).repair(work.environment, _order(work), work.key, work.say)

    def demand_as_shown(self, work: Work) -> None:
        """Try it once more."""
        told = {name: bool(work.parameters.get(name)) for name in ("follows", "reviewed")}
        found = driver_of(work).foresee_repair(work.environment, repair_of(work.parameters), **told)
        if work.shown is None or not foreseen.same_effect(found, work.shown):
            raise Conflict(f"{work.environment} is not any more as it was when this was shown.", cure=AGAIN)

    def verify(self, work: Work) -> Outcome:
        """What was broken holds again; of a way back, that what stood before stands."""
        driver, undoes = driver_of(work), work.parameters.get("undoes")
        former = formers.of(int(undoes)) if undoes else None
        if former is not None:
            return driver.stands_again(work.environment, _order(work), former, work.seconds, work.say)
        return driver.holds(work.environment, _order(work), work.seconds, work.say)

    def undo(self, work: Work) -> Outcome:
        """Never at once: what it would do is shown and approved first."""
        raise Refused("A repair is taken back by a change of its own.", cure="Undo it on the page of its change.")


def _order(work: Work) -> Order:
    if work.shown is None or work.action is None:
        raise Invalid("A repair that was never shown is not carried out.")
    reviewed = bool(work.parameters.get("reviewed"))
    return Order(repair_of(work.parameters), work.shown, work.action, work.change.pk, reviewed)


def repair_of(parameters: Mapping[str, Any]) -> Repair:
    """What is to be carried out. A way back is made anew from what was kept sealed, so that no secret stands in a row."""
    return repairs.read(parameters["repair"]) if not parameters.get("undoes") else way_back(int(parameters["undoes"]))


def way_back(action_id: int) -> Repair:
    """What takes the repair of this action back. Raises Refused where nothing does."""
    action = Action.objects.get(pk=action_id, kind=Kind.REPAIR)
    former = formers.of(action_id)
    if former is None:
        raise Refused("What stood before is not kept.", cure="Change it by hand.")
    done = repair_of(action.parameters)
    back = repairs.undone(done, former.manifest)
    if back is None:
        raise Refused(f"{KINDS[done.kind].label} cannot be taken back.", cure="Propose another repair instead.")
    return back


def driver_of(work: Work) -> Repairs:
    """The driver, where it repairs."""
    return repairing(work.environment, work.outside)


def repairing(environment: Environment, driver: object) -> Repairs:
    """The driver, where it repairs. Raises Refused, with what can be done instead, where it does not."""
    if isinstance(driver, Repairs):
        return driver
    raise Refused(f"{environment} is not on a cluster.", cure="Deploy, roll back or restart there instead.")
