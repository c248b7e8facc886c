"""A Change that was proposed for no run finds the one run that carries it through."""

from __future__ import annotations

from django.db import transaction

from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict
from workloads.changes.ending import locked, tell
from workloads.models import Change, Deployment


def adopt(actor: Actor, change_id: int, run_number: int) -> Change:
    """Have this run carry the Change through; asked again by the same run, nothing happens. It decides nothing.

    Raises Conflict where another run does.
    """
    with transaction.atomic():
        change = locked(actor, change_id)
        if change.run_number == run_number:
            return change
        if change.run_number is not None:
            raise Conflict(f"Run {change.run_number} carries this change through.")
        change.run_number = run_number
        change.save(update_fields=["run_number"])
        Deployment.objects.filter(change=change, run_number=None).update(run_number=run_number)
        tell(actor, "change.adopt", change, reason=f"Run {run_number} carries it through.")
    return change
