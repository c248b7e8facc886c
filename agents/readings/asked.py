"""Readings are asked for in the transaction of what they are about: one row, one command, and only where a model is connected."""

from __future__ import annotations

from agents.llm import endpoints
from agents.models import Reading, Run, Step
from agents.readings.looked import thinks_about
from controlplane.core import queue
from workloads.models import Change

WRITE = "agents.write_reading"
Kind = Reading.Kind
TROUBLED = (Run.Status.FAILED, Run.Status.STOPPED, Run.Status.ROLLED_BACK, Run.Status.STUCK)


def of_plan(run: Run, change: Change) -> None:
    """The plan and its risk, when a change waits for people."""
    if change.status == Change.Status.WAITING:
        want(Kind.PLAN, f"plan-change-{change.pk}", run=run, change=change)


def of_failure(run: Run) -> None:
    """Why a run ended as it did, when that was not well. Tried again, it fails anew: another reading."""
    if run.status in TROUBLED:
        want(Kind.FAILURE, f"failure-run-{run.pk}-{run.fence}", run=run)


def of_step(step: Step) -> None:
    """What a specialist found, where it thinks about it."""
    specialist = thinks_about(step)
    if specialist:
        want(Kind.FINDINGS, f"findings-step-{step.pk}", specialist=specialist, run=step.run, step=step)


def want(kind: str, key: str, *, specialist: str = "", **about: object) -> Reading | None:
    """Have it written by whoever is free; asked twice, once. Nothing where no model is connected that would be asked."""
    if endpoints.meant(specialist) is None:
        return None
    reading, made = Reading.objects.get_or_create(key=key, defaults={"kind": kind, "specialist": specialist, **about})
    if made:
        queue.enqueue(WRITE, reading.pk)
    return reading
