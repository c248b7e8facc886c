"""A run followed in the terminal: the steps as they end, and on a terminal those that go on, with their last line."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from django.utils import timezone
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Table

from agents.models import Run, RunEvent, Step
from controlplane.embedded.screen import Screen
from workloads.verdicts import Verdict

POLL_SECONDS = 0.3
RESTING = (*Run.ENDED, Run.Status.WAITING, Run.Status.STUCK)
MARK_OF_VERDICT = {Verdict.PASSED: "ok", Verdict.FAILED: "bad", Verdict.INCONCLUSIVE: "warn"}
MARK_OF_STATUS = {Step.Status.FAILED: "bad", Step.Status.LOST: "warn", Step.Status.CANCELLED: "warn", Step.Status.WAITING: "note"}


def follow(run_id: int, screen: Screen, *, seconds: float) -> Run:
    """Print what happens until the run rests (ended, waiting for a person, stuck) or the time is over; return it as it is then."""
    shown: set[tuple[int, str]] = set()
    end = time.monotonic() + seconds
    with _moving(screen) as show:
        while True:
            run = Run.objects.get(pk=run_id)
            _tell_new(run, shown, screen)
            if run.status in RESTING or time.monotonic() > end:
                return run
            show(run)
            time.sleep(POLL_SECONDS)


def _tell_new(run: Run, shown: set[tuple[int, str]], screen: Screen) -> None:
    for step in run.steps.exclude(status=Step.Status.RUNNING):
        if (step.pk, step.status) in shown:
            continue
        shown.add((step.pk, step.status))
        verdict = Verdict(step.verdict) if step.verdict else None
        mark = MARK_OF_STATUS.get(Step.Status(step.status)) or MARK_OF_VERDICT.get(verdict or Verdict.NO_DATA, "note")
        words = step.summary or (verdict.label if verdict else step.get_status_display())
        screen.line(mark, f"{step.node.replace('_', ' ')}: {words}", _took(step))
        if step.cure and mark != "ok":
            screen.line("note", step.cure)


def _took(step: Step) -> str:
    return f"{(step.finished_at - step.started_at).total_seconds():.1f} s" if step.finished_at else ""


def _moving(screen: Screen) -> AbstractContextManager[Callable[[Run], None]]:
    return _Moving(screen) if screen.live else nullcontext(lambda run: None)


class _Moving:
    """The lines below the last printed one, drawn again and again."""

    def __init__(self, screen: Screen) -> None:
        self._live = Live(console=screen.console, refresh_per_second=8, transient=True)
        self._spinner = Spinner("dots")

    def __enter__(self) -> Callable[[Run], None]:
        self._live.start()
        return self._show

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def _show(self, run: Run) -> None:
        table = Table.grid(padding=(0, 1))
        for step in run.steps.filter(status=Step.Status.RUNNING):
            last = RunEvent.objects.filter(run=run, node=step.node).order_by("-number").values_list("text", flat=True).first()
            seconds = (timezone.now() - step.started_at).total_seconds()
            width = max(20, self._live.console.width - 40)
            table.add_row(
                self._spinner, step.node.replace("_", " "), f"{seconds:.0f} s", f"[dim]{escape((last or '')[:width])}[/dim]"
            )
        if not table.rows:
            table.add_row(self._spinner, run.get_status_display(), "", "")
        self._live.update(table)
