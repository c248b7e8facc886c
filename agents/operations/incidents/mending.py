"""Mending: the approved Change applied, its invariant verified, and the way back."""

from __future__ import annotations

from typing import Any

from django.db import close_old_connections

from agents.context import Context
from agents.operations import actors
from agents.operations.incidents import waiting
from agents.operations.rollouts import WATCH_SECONDS
from controlplane.core.errors import Conflict, LeaseLost, NotFound, Refused, TimonelError
from workloads import changes, incidents, mending, rollback
from workloads.drivers import Outcome
from workloads.evidence import Assessment
from workloads.models import Action, Change, Incident
from workloads.verdicts import Verdict

REPAIR_SECONDS = 300.0  # for pods to be replaced
KEPT_SECONDS = 30.0  # of the step's time, to write down what was seen


def apply(context: Context, change_id: int) -> Assessment:
    """The effect, once. What no longer holds at this moment is proposed anew, not a failure."""
    try:
        outcome = changes.apply(change_id, key=f"{context.key}-{change_id}", fence=context.fence, say=context.say)
    except changes.NotYet as early:
        return Assessment(Verdict.NOT_EVALUATED, early.message, early.cure, data={"applied": "kept"})
    except (Refused, Conflict, NotFound) as error:
        return Assessment(Verdict.NOT_EVALUATED, error.message, error.cure, data={"applied": "refused"})
    applied = "switched" if outcome.switched else "not_switched"
    return Assessment(outcome.verdict, outcome.summary, outcome.cure, outcome.evidence, data={"applied": applied})


def verify(context: Context, incident_id: int, change_id: int) -> Assessment:
    """Whether what was wrong is right now; people are served again where it is."""
    change = Change.objects.select_related("environment").get(pk=change_id)
    outcome = _watched(context, change)
    engine = actors.engine(context)
    if _is_rollback(change):
        rollback.conclude(engine, change, outcome)
    if outcome.verdict is Verdict.PASSED:
        incidents.mitigate(engine, Incident.objects.select_related("environment").get(pk=incident_id))
    data: dict[str, Any] = {"verified": outcome.verdict.value}
    if outcome.verdict is Verdict.NOT_EVALUATED and not _is_rollback(change) and not waiting.is_over(incident_id):
        context.say(outcome.summary)
        data["wait"] = waiting.for_people()
    return Assessment(outcome.verdict, outcome.summary, outcome.cure, outcome.evidence, data=data)


def take_back(context: Context, change_id: int) -> Assessment:
    """What did not help, undone."""
    try:
        outcome = changes.apply(change_id, key=f"{context.key}-{change_id}", fence=context.fence, say=context.say)
    except (Refused, Conflict, NotFound) as error:
        text = f"The repair did not help, and could not be taken back: {error.message}"
        return Assessment(Verdict.FAILED, text, error.cure, data={"undone": False})
    word = "was taken back" if outcome.switched else "could not be taken back"
    text = f"The repair did not help and {word}: {outcome.summary}"
    return Assessment(outcome.verdict, text, outcome.cure, outcome.evidence, data={"undone": outcome.switched})


def _watched(context: Context, change: Change) -> Outcome:
    """The effect's own verdict: its invariant, or the release that returned."""
    tier = change.environment.tier
    seconds = WATCH_SECONDS.get(tier, 30.0) if _is_rollback(change) else REPAIR_SECONDS
    close_old_connections()
    seconds = min(seconds, max(1.0, context.remaining() - KEPT_SECONDS))
    try:
        if _is_rollback(change):
            return changes.verify(change.pk, say=context.say, seconds=seconds)
        return mending.verify(actors.engine(context), change, say=context.say, seconds=seconds)
    except LeaseLost:
        raise
    except TimonelError as error:
        return Outcome(Verdict.INCONCLUSIVE, error.message, switched=True, cure=error.cure)


def _is_rollback(change: Change) -> bool:
    return change.actions.filter(kind=Action.Kind.ROLL_BACK).exists()
