"""Runs: asked for, driven under a lease, parked, resumed, cancelled, ended. The only writer of Run.status."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from agents import events, leases, news, steps
from agents.leases import Lease
from agents.models import Run
from agents.readings import asked as readings
from controlplane.core import audit, live, queue, rights
from controlplane.core.actors import Actor, ActorKind
from controlplane.core.errors import Conflict, LeaseLost
from controlplane.core.permissions import Verb
from workloads.changes import waiting
from workloads.models import Change, Environment

Status = Run.Status
MAX_CLAIMS = 5
RETRYABLE = (Status.FAILED, Status.STOPPED, Status.STUCK)
ENGINE = Actor.system("run engine")
AWAKE: dict[str, Any] = {"waiting_for": None, "resume_at": None, "woken_at": Now()}
VERBS = {"rollback": Verb.ROLL_BACK}


def start(actor: Actor, environment: Environment, workflow: str, input: Mapping[str, Any], *, idempotency_key: str) -> Run:
    """Ask for a run; the same key finds the run it made before. A part of Timonel may ask: its effects still need approval."""
    verb = VERBS.get(workflow, Verb.RUN)
    if actor.kind != ActorKind.SYSTEM:
        rights.demand(actor, verb, environment.scopes, f"in {environment}")
    with transaction.atomic():
        if workflow == "rollback":
            _refuse_while_asked(environment)
        run, made = Run.objects.get_or_create(
            idempotency_key=idempotency_key,
            defaults={
                "workflow": workflow,
                "environment": environment,
                "input": dict(input),
                "requested_by_id": actor.user_id,
                "requested_by_label": actor.label,
                "woken_at": Now(),
            },
        )
        if not made:
            return _the_same(run, environment, workflow)
        audit.record(actor, "run.start", run, after={"workflow": workflow, "environment": str(environment), "input": dict(input)})
        tell(run.pk, f"{actor.label} asked for {workflow} in {environment}.", kind="status")
        _wake(run.pk)
        _ring(run)
    run.refresh_from_db()
    return run


def claim(run_id: int, owner: str) -> Lease | None:
    """Take the lease of a run that is free and whose turn it is, or None. After too many claims without progress it is stuck."""
    if _give_up(run_id):
        return None
    try:
        with transaction.atomic():
            if not leases.take(run_id, owner):
                return None
            run = Run.objects.get(pk=run_id)
            lease = Lease(run_id, run.fence, owner)
            lost = steps.lose(lease)
            text = f"Resumed by {owner}: the worker before it was lost." if lost else f"Driven by {owner}."
            tell(run_id, text, kind="status", level="warning" if lost else "debug")
            _ring(run)
            return lease
    except IntegrityError:  # another run of the environment was claimed in the same moment
        return None


def heartbeat(lease: Lease) -> bool:
    """Hold the lease for another 15 seconds; False when it is lost."""
    return leases.renew(lease)


def tell(run_id: int, text: str, *, node: str = "", kind: str = "note", level: str = "info", fence: int | None = None) -> int:
    """Append to the run's story; return the last event's number."""
    return events.append(run_id, events.lines(text, node=node, kind=kind, level=level), fence=fence)


def wait(lease: Lease, change_id: int) -> bool:
    """Park the run until the Change is decided and may begin; False when that is so already: nobody misses the other.

    The Change's row is locked while its status is read and the run parked; whoever decides locks the same row.
    """
    with transaction.atomic():
        change = Change.objects.select_for_update().get(pk=change_id)
        if not waiting.park(change, timezone.now()):
            return False
        _release(lease, Status.WAITING, waiting_for_id=change_id, claims=0)
        tell(lease.run, f"{_awaited(change)}: {change.title}", kind="status")
        run = Run.objects.get(pk=lease.run)
        _record(ENGINE, "wait", run, Status.RUNNING, change=change_id)
        readings.of_plan(run, change)
        _wake_next(run)
        _ring(run, "inbox")
    return True


def rest(lease: Lease, until: datetime) -> bool:
    """Park the run until a moment, so that others may run meanwhile; False when that moment is here already."""
    if until <= timezone.now():
        return False
    with transaction.atomic():
        _release(lease, Status.WAITING, resume_at=until, claims=0)
        run = Run.objects.get(pk=lease.run)
        _wake_next(run)
        _ring(run)
    return True


def resume(run_id: int) -> bool:
    """Let a parked run go on; True for the one caller who did it."""
    with transaction.atomic():
        if not Run.objects.move(run_id, Status.WAITING, Status.QUEUED, **AWAKE):
            return False
        run = Run.objects.get(pk=run_id)
        _record(ENGINE, "resume", run, Status.WAITING)
        _wake(run_id)
        _ring(run, "inbox")
    return True


def release(lease: Lease) -> None:
    """Give the lease back unfinished, as a worker does that is asked to stop: another goes on at once."""
    with transaction.atomic():
        _release(lease, Status.QUEUED, woken_at=Now())
        tell(lease.run, "Its worker stops; another goes on.", kind="status")
        _wake(lease.run)


def retrying(lease: Lease) -> bool:
    """Whether this claim is the first since somebody asked to retry; True once."""
    return lease.rows().filter(result__retrying=True).update(result={}) == 1


def cancel(actor: Actor, run: Run) -> Run:
    """Stop the run: at once if nobody drives it yet, otherwise its worker and the worker's children are told and it cleans up."""
    rights.demand(actor, VERBS.get(run.workflow, Verb.RUN), run.environment.scopes, f"in {run.environment}")
    with transaction.atomic():
        held = Run.objects.select_for_update().select_related("environment__application").get(pk=run.pk)
        if held.status in Run.ENDED:
            raise Conflict(f"Run {run.pk} has already ended: {held.get_status_display()}.")
        if held.cancel_requested_at is None:
            Run.objects.filter(pk=run.pk).update(cancel_requested_at=timezone.now(), cancel_requested_by=actor.label)
            _record(actor, "cancel", held, held.status, cancel_requested_by=actor.label)
            tell(run.pk, f"{actor.label} asked to cancel.", kind="status", level="warning")
            _cancel_undriven(held, actor)
    run.refresh_from_db()
    return run


def retry(actor: Actor, run: Run) -> Run:
    """Go on where the run failed: what succeeded is not done again."""
    rights.demand(actor, VERBS.get(run.workflow, Verb.RUN), run.environment.scopes, f"in {run.environment}")
    with transaction.atomic():
        was = Run.objects.get(pk=run.pk).status
        again = {"claims": 0, "finished_at": None, "result": {"retrying": True}, "woken_at": Now()}
        if not Run.objects.move(run.pk, RETRYABLE, Status.QUEUED, **again):
            run.refresh_from_db()
            raise Conflict(
                f"Run {run.pk} is {run.get_status_display()}; only what failed can be tried again.", cure="Start a new run instead."
            )
        run.refresh_from_db()
        _record(actor, "retry", run, was)
        tell(run.pk, f"{actor.label} tries the failed part again.", kind="status")
        _wake(run.pk)
        _ring(run)
    run.refresh_from_db()
    return run


def finish(lease: Lease, status: str, result: Mapping[str, Any]) -> None:
    """End the run with what came of it, and let the next run of its environment begin."""
    with transaction.atomic():
        _release(lease, status, result=dict(result), finished_at=timezone.now(), waiting_for=None)
        run = Run.objects.select_related("environment__application").get(pk=lease.run)
        level = "info" if status == Status.SUCCEEDED else "error"
        text = " ".join(part for part in (result.get("summary"), result.get("cure")) if part)
        tell(run.pk, f"{run.get_status_display().capitalize()}. {text}".strip(), kind="status", level=level)
        _record(ENGINE, status, run, Status.RUNNING, **result)
        readings.of_failure(run)
        news.of_end(run, text)
        _wake_next(run)
        _ring(run)


def _record(actor: Actor, verb: str, run: Run, was: str, **after: Any) -> None:
    audit.record(actor, f"run.{verb}", run, before={"status": was}, after={"status": run.status, **after})


def _awaited(change: Change) -> str:
    if change.status == Change.Status.WAITING:
        return "Waiting for a decision"
    return f"Approved, and waits. {waiting.not_yet(change, timezone.now()) or ''}".rstrip(" .")


def _release(lease: Lease, status: str, **changes: Any) -> None:
    """Leave `running`; the fence grows so that a thread of ours that hangs in a tool can write nothing more."""
    free = {"lease_expires_at": None, "lease_owner": "", "fence": models.F("fence") + 1}
    if not lease.rows().move(lease.run, Status.RUNNING, status, **free, **changes):  # type: ignore[attr-defined]
        raise LeaseLost(f"Run {lease.run} is driven by another worker now.")


def _give_up(run_id: int) -> bool:
    with transaction.atomic():
        worn = leases.claimable().filter(claims__gte=MAX_CLAIMS, cancel_requested_at__isnull=True)
        free = {"lease_expires_at": None, "lease_owner": "", "fence": models.F("fence") + 1}
        if not worn.move(run_id, [Status.QUEUED, Status.RUNNING], Status.STUCK, **free):  # type: ignore[attr-defined]
            return False
        run = Run.objects.select_related("environment__application").get(pk=run_id)
        summary = f"{MAX_CLAIMS} workers in a row were lost in the same step."
        Run.objects.filter(pk=run_id).update(
            result={"summary": summary, "cure": "Read the workers' log, then retry or cancel the run."}
        )
        tell(run_id, f"Stuck. {summary}", kind="status", level="error")
        _record(ENGINE, "stuck", run, Status.RUNNING, summary=summary)
        readings.of_failure(run)
        news.of_end(run, summary)
        _wake_next(run)
        _ring(run)
    return True


def _cancel_undriven(run: Run, actor: Actor) -> None:
    """A run that never began ends here; one that waits or is stuck is woken, to clean up after itself."""
    if run.status == Status.QUEUED and run.started_at is None:
        result = {"summary": f"Cancelled by {actor.label} before it began."}
        Run.objects.move(run.pk, Status.QUEUED, Status.CANCELLED, result=result, finished_at=timezone.now())
        _wake_next(run)
    elif Run.objects.move(run.pk, [Status.WAITING, Status.STUCK, Status.QUEUED], Status.QUEUED, **AWAKE):
        _wake(run.pk)
    _ring(run, "inbox")


def _refuse_while_asked(environment: Environment) -> None:
    """An open question about what runs there now is answered, not overtaken: its 'no' is the rollback."""
    asking = Run.objects.filter(environment=environment, status=Status.WAITING, waiting_for__actions__kind="promote").first()
    if asking is not None:
        raise Conflict(
            f"Run {asking.pk} asks whether to keep the release that has the traffic.",
            cure=f"Reject change {asking.waiting_for_id}: that rolls it back.",
        )


def _the_same(run: Run, environment: Environment, workflow: str) -> Run:
    if (run.environment_id, run.workflow) != (environment.pk, workflow):
        raise Conflict("This idempotency key was used for another request.", cure="Use a new key for each request.")
    return run


def _wake(run_id: int) -> None:
    queue.enqueue("agents.drive_run", run_id)


def _wake_next(run: Run) -> None:
    queued = Run.objects.filter(environment_id=run.environment_id, status=Status.QUEUED).exclude(pk=run.pk)
    waiting = queued.alias(patient=models.Q(workflow=leases.PATIENT)).order_by("patient", "pk").first()
    if waiting is not None:
        _wake(waiting.pk)


def _ring(run: Run, *more: str) -> None:
    for group in (f"run-{run.pk}", f"environment-{run.environment_id}", "overview", *more):
        live.ring(group, run=run.pk)
