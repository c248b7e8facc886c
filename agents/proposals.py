"""What a model suggests, or what was adopted: a Change that waits for people, and carried through by a run once they said yes.

A suggestion acts on nothing. Whoever decides sees whose it is; nobody is asked instead of them, whatever the tier.
"""

from __future__ import annotations

from django.db import models, transaction
from django.utils import timezone

from agents import runs
from agents.models import Proposal, Run, Step
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict
from workloads import adoption, changes, rollback
from workloads.models import Action, Change

ROLLBACK = "propose_rollback"
LONGEST_WHY = 500  # characters
# A model's suggestions; and what `workloads.adoption` proposed, which no run asked for either.
OURS = models.Q(suggestion__isnull=False) | models.Q(idempotency_key__startswith=adoption.KEY)


def suggest_rollback(step: Step, specialist: str, title: str, why: str, facts: list[str]) -> Change:
    """Suggest, for this specialist, to return to the last verified release; asked again in the same run, the first suggestion.

    Raises Conflict where there is nothing to return to, or something is decided there already.
    """
    environment, run = step.run.environment, step.run
    with transaction.atomic():
        change = rollback.suggest(
            Actor.system(f"specialist {specialist}"),
            environment,
            by=f"Suggested by a model for {title}",
            reason=f"a model wrote: “{why[:LONGEST_WHY]}”",
            idempotency_key=f"suggestion-{run.pk}-{ROLLBACK}",
            proposers=[run.requested_by] if run.requested_by else [],
        )
        Proposal.objects.get_or_create(
            change=change,
            defaults={"step": step, "specialist": specialist, "tool": ROLLBACK, "why": why[:LONGEST_WHY], "facts": facts[:20]},
        )
    return change


def carry_through(change_id: int) -> Run | None:
    """Start the run that applies a suggestion, or what was adopted, once people approved it and its time has come.

    Asked again, the same run.
    """
    found = _approved().filter(pk=change_id).select_related("environment").first()
    if found is None:
        return None
    actor = Actor.system(f"change {found.pk}")
    try:
        with transaction.atomic():
            workflow, asked = _way_of(found)
            run = runs.start(actor, found.environment, workflow, asked, idempotency_key=f"suggested-{found.pk}")
            changes.adopt(actor, found.pk, run.pk)
    except Conflict:  # a question about what runs there is open: its answer decides, and this is asked again later
        return None
    return run


def carry_all_through() -> int:
    """Start what people approved and nobody carries through; return how many."""
    _withdraw_cancelled()
    return sum(carry_through(pk) is not None for pk in _approved().values_list("pk", flat=True))


def _way_of(change: Change) -> tuple[str, dict[str, int]]:
    """The workflow that carries it through, and what that is asked."""
    rolled_out = change.actions.filter(kind=Action.Kind.ROLL_OUT).first()
    if rolled_out is None:
        return "rollback", {"change": change.pk}
    return "adopt", {"change": change.pk, "release": int(rolled_out.parameters["release"])}


def _withdraw_cancelled() -> None:
    """What was to be carried through by a run that somebody cancelled."""
    given = Change.objects.filter(OURS, status=Change.Status.APPROVED, run_number__isnull=False)
    carriers = {run: pk for run, pk in given.values_list("run_number", "pk") if run is not None}
    for run in Run.objects.filter(pk__in=carriers, status=Run.Status.CANCELLED).values_list("pk", flat=True):
        changes.cancel(Actor.system("suggestions"), carriers[run], "The run that was to carry it through was cancelled.")


def _approved() -> models.QuerySet[Change]:
    """What people approved, whose time has come, and that no run carries through."""
    found = Change.objects.filter(OURS, status=Change.Status.APPROVED, run_number=None)
    return found.exclude(not_before__gt=timezone.now())
