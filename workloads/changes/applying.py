"""Applying a Change: everything checked once more, done once, written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, LeaseLost, NotFound, Refused, TimonelError
from workloads import actions, deployments, holds, previews
from workloads.actions import ActionDraft
from workloads.changes import approvals, confirming, waiting
from workloads.changes.confirming import Drivers, work_of
from workloads.changes.ending import NOT_BEGUN, PROPOSE_AGAIN, Status, end, expire, tell
from workloads.drivers import Outcome, Say
from workloads.drivers.select import driver_of
from workloads.evidence import Evidence
from workloads.models import Action, Change, Deployment, Environment
from workloads.verdicts import Verdict, overall

Step = Action.Status


def apply(change_id: int, *, key: str, fence: int, say: Say, drivers: Drivers = driver_of) -> Outcome:
    """Do what was approved, once. Called again with the same key it goes on, or gives the first outcome.

    `fence` is the caller's lease: a worker whose run was taken over by another is turned away (LeaseLost). Whatever
    no longer holds at this moment (approval, rights, hash, target) voids the Change and raises why. Outside of its windows
    it stays approved, and NotYet is raised; once begun it may overrun them.
    """
    confirming.confirm(change_id, say, drivers)
    claimed = _claim(change_id, key, fence)
    if isinstance(claimed, TimonelError):
        raise claimed
    if isinstance(claimed, Outcome):
        return claimed
    try:
        outcome = _perform(claimed, key, say, drivers)
    except LeaseLost:
        raise
    except TimonelError as error:
        outcome = actions.failure(error)
    return _finish(claimed, fence, outcome)


def verify(change_id: int, *, say: Say, seconds: float = 30.0, drivers: Drivers = driver_of) -> Outcome:
    """Watch for so many seconds what was applied; changes nothing. What its checks left open stays open."""
    change = Change.objects.get(pk=change_id)
    outcome = _together([_verified(change, action, say, seconds, drivers) for action in change.actions.all()])
    applied = _read(change.result["outcome"])
    if outcome.verdict is Verdict.PASSED and applied.verdict is Verdict.INCONCLUSIVE:
        return replace(applied, evidence=(*applied.evidence, *outcome.evidence))
    return outcome


def conclude(actor: Actor, change_id: int, outcome: Outcome) -> None:
    """Keep with an applied Change what its verification found; a later one takes the place of an earlier."""
    with transaction.atomic():
        change = Change.objects.select_for_update(of=("self",)).select_related("environment").get(pk=change_id)
        if change.status != Status.APPLIED:
            raise Conflict(f"This change is {change.get_status_display().lower()}; only what was applied is verified.")
        change.result = {**change.result, "verification": actions.evidence_of(outcome)}
        change.save(update_fields=["result"])
        tell(actor, "change.verify", change, reason=outcome.summary, verdict=outcome.verdict.value)


def abandon(actor: Actor, change_id: int, because: str) -> None:
    """What was being applied failed in a way nobody foresaw: write it down, so that the environment is free again."""
    with transaction.atomic():
        change = Change.objects.select_for_update(of=("self",)).select_related("environment").get(pk=change_id)
        if change.status == Status.APPLYING:
            outcome = Outcome(Verdict.FAILED, because, switched=False)
            for deployment in Deployment.objects.filter(change=change, status__in=deployments.UNDER_WAY):
                deployments.mark_failed(actor, deployment, Verdict.FAILED, actions.evidence_of(outcome))
            _close(actor, change, outcome)


def _verified(change: Change, action: Action, say: Say, seconds: float, drivers: Drivers) -> Outcome:
    work = replace(work_of(change, action, f"change-{change.pk}-verify", say, drivers), seconds=seconds)
    return actions.effect_of(action.kind).verify(work)


def _together(outcomes: Sequence[Outcome]) -> Outcome:
    """Of several actions the last one's, unless one before it found worse; with what all of them saw."""
    if len(outcomes) == 1:
        return outcomes[0]
    verdict = overall(one.verdict for one in outcomes)
    told = next((one for one in reversed(outcomes) if one.verdict is verdict), outcomes[-1])
    return replace(told, evidence=tuple(piece for one in outcomes for piece in one.evidence))


def _claim(change_id: int, key: str, lease: int) -> Change | Outcome | TimonelError:
    """Lock, check everything once more, mark as applying. A refusal is returned, not raised, so that the voiding is kept."""
    expire(change_id)
    with transaction.atomic():
        found = Change.objects.select_for_update(of=("self",)).select_related("environment__application")
        change = found.filter(pk=change_id).first()
        if change is None:
            return NotFound(f"There is no change {change_id}.")
        if "apply" in change.result:
            return _again(change, change.result["apply"], key, lease)
        if change.status != Status.APPROVED:
            return Conflict(f"This change is {change.get_status_display().lower()}; only an approved one is applied.")
        environment = Environment.objects.select_for_update(no_key=True).get(pk=change.environment_id)
        early = waiting.not_yet(change, timezone.now())  # who stops or locks it takes the same row first
        if early is not None:
            return early
        refusal = _refusal(change, environment)
        if refusal is not None:
            end(Actor.system("apply"), change, Status.CANCELLED, "change.void", str(refusal))
            return refusal
        _begin(change, environment, key, lease)
    return change


def _again(change: Change, mine: Mapping[str, Any], key: str, lease: int) -> Change | Outcome | TimonelError:
    """A second call: the first outcome, or the work goes on under the newer lease."""
    if mine["key"] != key:
        return Conflict("This change was applied already, by another request.", cure=PROPOSE_AGAIN)
    if change.status != Status.APPLYING:
        return _read(change.result["outcome"])
    if lease < mine["lease"]:
        return LeaseLost("A newer worker applies this change.")
    if lease > mine["lease"]:
        environment = Environment.objects.select_for_update(no_key=True).get(pk=change.environment_id)
        environment.fence += 1  # whatever the former worker still writes outside carries an older one
        environment.save(update_fields=["fence"])
        change.fence = environment.fence
    change.result = {**change.result, "apply": {"key": key, "lease": lease}}
    change.save(update_fields=["result", "fence"])
    return change


def _refusal(change: Change, environment: Environment) -> TimonelError | None:
    """Why it must not be done now, or None."""
    if not approvals.satisfied(change):
        return Refused("The decisions no longer carry this change: somebody lost the right to decide.", cure=PROPOSE_AGAIN)
    if previews.sha256(change.preview) != change.preview_sha256:
        return Conflict("The stored preview was altered after it was hashed.", cure="Look into the audit, then ask again.")
    applying = Change.objects.filter(environment=environment, status=Status.APPLYING).first()
    if applying is not None:
        return Conflict(f"Change {applying.pk} is being applied to {environment}.", cure="Ask again when it has ended.")
    drafts = [ActionDraft(action.kind, action.parameters) for action in change.actions.all()]
    if actions.preview(environment, drafts).sha256 != change.preview_sha256:
        return Conflict(f"{environment} has moved, so this change would now do something else than was shown.", cure=PROPOSE_AGAIN)
    return None


def _begin(change: Change, environment: Environment, key: str, lease: int) -> None:
    """Take the environment's next fence; whatever else was shown against the old one is void."""
    actor = Actor.system(f"change {change.pk}")
    environment.fence += 1
    environment.save(update_fields=["fence"])
    result = {**change.result, "apply": {"key": key, "lease": lease}}
    Change.objects.move(change.pk, Status.APPROVED, Status.APPLYING, fence=environment.fence, result=result, look_again_at=None)
    change.refresh_from_db()
    tell(actor, "change.apply", change)
    if not any(action.parameters.get("automatic") or action.parameters.get("unattended") for action in change.actions.all()):
        holds.lift(actor, environment, f"Change {change.pk} is applied here, and a person answers for it.")
    others = Change.objects.filter(environment=environment, status__in=NOT_BEGUN).select_related("environment")
    for other in others:
        end(actor, other, Status.CANCELLED, "change.void", f"Change {change.pk} was applied here first. {PROPOSE_AGAIN}")


def _perform(change: Change, key: str, say: Say, drivers: Drivers) -> Outcome:
    """Run the actions in order; one that ended before a crash is not run again."""
    outcome = Outcome(Verdict.NOT_EVALUATED, "There was nothing to do.", switched=False)
    for action in change.actions.all():
        if action.status == Step.DONE:
            outcome = _read(action.result)
            continue
        Action.objects.move(action.pk, [Step.PENDING, Step.STARTED], Step.STARTED, started_at=action.started_at or timezone.now())
        outcome = actions.effect_of(action.kind).apply(work_of(change, action, f"{key}-{action.position}", say, drivers))
        ended = Step.DONE if outcome.switched else Step.FAILED
        Action.objects.move(action.pk, Step.STARTED, ended, result=actions.evidence_of(outcome), finished_at=timezone.now())
        if not outcome.switched:
            break
    return outcome


def _finish(change: Change, lease: int, outcome: Outcome) -> Outcome:
    """Write the outcome down, unless a newer worker has the work now."""
    with transaction.atomic():
        row = Change.objects.select_for_update(of=("self",)).select_related("environment").get(pk=change.pk)
        if row.status != Status.APPLYING:
            return _read(row.result["outcome"])
        if row.result["apply"]["lease"] != lease:
            raise LeaseLost("A newer worker applies this change.")
        _close(Actor.system(f"change {row.pk}"), row, outcome)
    return outcome


def _close(actor: Actor, change: Change, outcome: Outcome) -> None:
    target = Status.APPLIED if outcome.switched else Status.FAILED
    result = {**change.result, "outcome": actions.evidence_of(outcome)}
    Change.objects.move(change.pk, Status.APPLYING, target, applied_at=timezone.now(), result=result)
    change.refresh_from_db()
    deployments.cancel(actor, change)  # where it never began
    tell(actor, f"change.{target.value}", change, reason=outcome.summary)


def _read(stored: Mapping[str, Any]) -> Outcome:
    """An outcome as `actions.evidence_of` wrote it."""
    return Outcome(
        Verdict(stored["verdict"]),
        stored["summary"],
        switched=stored["switched"],
        instance_id=stored.get("instance"),
        cure=stored.get("cure", ""),
        evidence=tuple(Evidence(**piece) for piece in stored.get("evidence", [])),
    )
