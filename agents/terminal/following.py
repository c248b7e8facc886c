"""Watching a run from a terminal until it ends, or needs a person."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from django.db import close_old_connections

from agents.models import Run, RunEvent, Step
from agents.terminal.asking import demand_worker

POLL_SECONDS = 0.3
PATIENCE_SECONDS = 15.0
MOST_EVENTS = 2_000


class Screen(Protocol):
    """Where a run is shown while it goes on."""

    def update(self, run: Run, steps: Sequence[Step], events: Sequence[RunEvent]) -> None:
        """Show how it stands; `events` are those since the last time."""

    def close(self, run: Run, steps: Sequence[Step]) -> None:
        """Show how it ended."""


def follow(run_id: int, screen: Screen, *, through_decisions: bool = False) -> Run:
    """Show the run until it ends, is stuck, or (unless `through_decisions`) waits for a person; raise if nobody drives it."""
    seen, idle_since = 0, time.monotonic()
    while True:
        run = Run.objects.select_related("environment__application", "waiting_for").get(pk=run_id)
        events = list(RunEvent.objects.filter(run=run_id, number__gt=seen).order_by("number")[:MOST_EVENTS])
        steps = latest_steps(run)
        if events:
            seen, idle_since = events[-1].number, time.monotonic()
        screen.update(run, steps, events)
        if seen >= run.last_event and _settled(run, through_decisions):
            screen.close(run, steps)
            return run
        if run.status == Run.Status.QUEUED and time.monotonic() - idle_since > PATIENCE_SECONDS:
            demand_worker()
            idle_since = time.monotonic()
        close_old_connections()
        time.sleep(POLL_SECONDS)


def latest_steps(run: Run) -> list[Step]:
    """The newest attempt of each step, in the order they began."""
    newest = {step.node: step for step in run.steps.order_by("pk")}
    return list(newest.values())


def _settled(run: Run, through_decisions: bool) -> bool:
    ended = run.status in (*Run.ENDED, Run.Status.STUCK)
    return ended or (run.status == Run.Status.WAITING and not through_decisions)
