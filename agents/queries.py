"""Reads of runs for pages and API. The person comes first; rights are part of the query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from agents.models import Reading, Run, RunEvent, Step
from controlplane.core.actors import Actor
from controlplane.core.errors import NotFound
from workloads import visibility
from workloads.models import Change, Deployment

MOST_EVENTS = 1_000
UNFINISHED = (Run.Status.QUEUED, Run.Status.RUNNING, Run.Status.WAITING, Run.Status.STUCK)


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run as its page shows it: the newest attempt of each step, and what it proposed and deployed."""

    run: Run
    steps: tuple[Step, ...]
    changes: tuple[Change, ...]
    deployments: tuple[Deployment, ...]
    readings: tuple[Reading, ...] = ()


def runs_for(actor: Actor) -> QuerySet[Run]:
    """The runs the actor may see, newest first."""
    return Run.objects.filter(visibility.within_reach(actor, "environment")).select_related(
        "environment__application", "requested_by", "waiting_for"
    )


def run_for(actor: Actor, number: int) -> Run:
    """One run, or NotFound (also when the actor may not see it)."""
    found = runs_for(actor).filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no run {number}, or you may not see it.")
    return found


def run_detail(actor: Actor, number: int) -> RunDetail:
    """One run with everything its page shows, or NotFound."""
    latest = Step.objects.order_by("node", "-attempt").distinct("node")
    found = runs_for(actor).filter(pk=number).prefetch_related(Prefetch("steps", queryset=latest, to_attr="latest_steps"))
    run = found.first()
    if run is None:
        raise NotFound(f"There is no run {number}, or you may not see it.")
    steps: list[Step] = sorted(run.latest_steps, key=lambda step: step.pk)
    return RunDetail(
        run=run,
        steps=tuple(steps),
        changes=tuple(visibility.changes(actor).filter(run_number=number).order_by("pk")),
        deployments=tuple(visibility.deployments(actor).filter(run_number=number).order_by("pk")),
        readings=tuple(Reading.objects.filter(run=run).order_by("pk")),
    )


def events_after(actor: Actor, number: int, after: int = 0, *, limit: int = MOST_EVENTS) -> list[RunEvent]:
    """The lines of a run's story after number `after`, in order, at most `limit`; NotFound where it may not be seen."""
    run = run_for(actor, number)
    return list(RunEvent.objects.filter(run=run.pk, number__gt=after).order_by("number")[: min(limit, MOST_EVENTS)])


def unfinished_in(environments: Iterable[int]) -> dict[int, Run]:
    """The newest unfinished run of each of these environments (of a page whose reader may see them)."""
    rows = Run.objects.filter(environment__in=environments, status__in=UNFINISHED).order_by("environment_id", "-pk")
    return {run.environment_id: run for run in rows.distinct("environment_id")}
