"""How a run looks in a terminal: lines that move on a TTY, plain lines elsewhere, one JSON document for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TextIO

from django.utils import timezone
from django.utils.timesince import timeuntil
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from agents.models import Run, RunEvent, Step
from agents.terminal.codes import code_of
from agents.terminal.following import Screen
from workloads import admission, phrases
from workloads.changes import waiting
from workloads.models import Change
from workloads.verdicts import Verdict

MARKS = {
    Verdict.PASSED: ("✓", "green"),
    Verdict.FAILED: ("✗", "red"),
    Verdict.INCONCLUSIVE: ("?", "yellow"),
    Verdict.NOT_EVALUATED: ("-", "dim"),
    Verdict.NO_DATA: ("-", "dim"),
}
LAST_WORD = "report"  # said at the end anyway
LAST_LINES = 4
MOST_PIECES = 3
EVIDENCE_LINES = 15


def screen_for(stream: TextIO, *, as_json: bool, verbose: bool) -> Screen:
    """The screen that fits the stream and the options."""
    if as_json:
        return JsonScreen(stream)
    console = Console(file=stream, highlight=False, soft_wrap=True)
    return LiveScreen(console) if console.is_terminal and not console.is_dumb_terminal else PlainScreen(console, verbose)


class JsonScreen:
    """Nothing until the end, then one document."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def update(self, run: Run, steps: Sequence[Step], events: Sequence[RunEvent]) -> None:
        """Nothing."""

    def close(self, run: Run, steps: Sequence[Step]) -> None:
        """The document."""
        self._stream.write(json.dumps(document(run, steps), indent=2, default=str) + "\n")


class PlainScreen:
    """One line for each thing that happened; the output of tools only when asked for."""

    def __init__(self, console: Console, verbose: bool) -> None:
        self._console, self._verbose, self._told = console, verbose, set[int]()

    def update(self, run: Run, steps: Sequence[Step], events: Sequence[RunEvent]) -> None:
        """The new events, then the steps that ended since."""
        for event in events:
            if self._verbose or (event.kind == "note" and event.level in {"info", "warning"}):
                where = f"{event.node}: " if event.node else ""
                self._console.print(Text(f"{timezone.localtime(event.at):%H:%M:%S}  {where}{event.text}"))
        for step in steps:
            if step.finished_at and step.pk not in self._told and step.node != LAST_WORD:
                self._told.add(step.pk)
                self._console.print(_line(step))

    def close(self, run: Run, steps: Sequence[Step]) -> None:
        """How it ended."""
        for part in ending(run, steps):
            self._console.print(part)


class LiveScreen:
    """The steps with what they found, and the last lines of what goes on now."""

    def __init__(self, console: Console) -> None:
        self._console, self._last = console, list[RunEvent]()
        self._live = Live(console=console, refresh_per_second=8, transient=False)
        self._live.start()

    def update(self, run: Run, steps: Sequence[Step], events: Sequence[RunEvent]) -> None:
        """Draw again."""
        self._last = [*self._last, *events][-LAST_LINES:]
        self._live.update(Group(_table(steps), *self._recent(run)))

    def close(self, run: Run, steps: Sequence[Step]) -> None:
        """Leave the steps standing, and say how it ended."""
        self._live.update(_table(steps))
        self._live.stop()
        for part in ending(run, steps):
            self._console.print(part)

    def _recent(self, run: Run) -> list[RenderableType]:
        width = max(20, self._console.width - 4)
        waiting = f"  Run {run.pk} is {run.get_status_display()}."
        lines = [f"  {event.text[:width]}" for event in self._last]
        return [Text(line, style="dim", no_wrap=True) for line in [waiting, *lines]]


def document(run: Run, steps: Sequence[Step]) -> dict[str, Any]:
    """A run as a program reads it."""
    return {
        "run": run.pk,
        "workflow": run.workflow,
        "environment": str(run.environment),
        "status": run.status,
        "exit_code": code_of(run),
        "summary": run.result.get("summary", ""),
        "cure": run.result.get("cure", ""),
        "waiting_for": run.waiting_for_id,
        "begins_at": _begins(run),
        "deployment": run.result.get("deployment"),
        "address": address(run),
        "steps": [
            {
                "node": step.node,
                "attempt": step.attempt,
                "status": step.status,
                "verdict": step.verdict,
                "summary": step.summary,
                "cure": step.cure,
                "seconds": _seconds(step),
            }
            for step in steps
        ],
    }


def _begins(run: Run) -> datetime | None:
    waited = run.waiting_for if run.state == "scheduled" else None
    return admission.begins_at(waited, timezone.now()) if waited is not None else None


def address(run: Run) -> str:
    """Where the environment answers, if it does."""
    return f"http://127.0.0.1:{run.environment.port}/" if run.environment.port else ""


def ending(run: Run, steps: Sequence[Step]) -> list[RenderableType]:
    """The verdict; for what went wrong the reason, the evidence and the cure."""
    good = run.status == Run.Status.SUCCEEDED
    style = "bold green" if good else "bold yellow" if run.status == Run.Status.WAITING else "bold red"
    how = "waiting for window" if run.state == "scheduled" else run.get_status_display()
    said = [Text(f"\nRun {run.pk}: {how}. {run.result.get('summary', '')}".rstrip(), style=style)]
    if run.status == Run.Status.WAITING and run.waiting_for is not None:
        said.append(Text(f"  Change {run.waiting_for_id}: {run.waiting_for.title}"))
        if run.state == "scheduled":
            return [*said, *(Text(f"  {line}") for line in awaited(run.waiting_for))]
        said.append(Text(f"  Decide it in the inbox of the dashboard: /changes/{run.waiting_for_id}/"))
    if good:
        return [*said, Text(f"  {address(run)}")]
    for step in steps:
        said.extend(_why(step))
    if run.result.get("cure") and run.result["cure"] not in [step.cure for step in steps if _why(step)]:
        said.append(Text(f"Cure: {run.result['cure']}", style="bold"))
    return list(said)


def awaited(change: Change) -> list[str]:
    """What an approved change waits for, and when it begins."""
    early, begins = waiting.not_yet(change, timezone.now()), admission.begins_at(change, timezone.now())
    said = [str(early)] if early else []
    return [*said, f"It begins {phrases.moment(begins)}, in {timeuntil(begins)}."] if begins else said


def _why(step: Step) -> list[Text]:
    """What a failed step rests on: the evidence that failed, or the last of it."""
    if step.node == LAST_WORD or (step.verdict != Verdict.FAILED and step.status != Step.Status.FAILED):
        return []
    pieces = sorted((piece for piece in step.evidence if _tells(piece)), key=lambda piece: piece["kind"] != "log")
    said = [Text(f"\n{_title(step)}: {step.summary}")]
    for piece in (pieces or step.evidence[-1:])[:MOST_PIECES]:
        said.append(Text(f"  {piece['title']}" + (f"  [{piece['asked']}]" if piece.get("asked") else ""), style="dim"))
        said.extend(Text(f"    {line}", style="dim") for line in _body(piece)[-EVIDENCE_LINES:])
    if step.cure:
        said.append(Text(f"  Cure: {step.cure}"))
    return said


def _tells(piece: dict[str, Any]) -> bool:
    """Whether a piece of evidence is about the failure: it failed itself, or it is a log that nobody judged."""
    return piece.get("verdict") == Verdict.FAILED or (piece.get("kind") == "log" and not piece.get("verdict"))


def _body(piece: dict[str, Any]) -> list[str]:
    body = piece.get("body")
    if isinstance(body, str):
        return body.splitlines()
    if piece.get("kind") == "request" and isinstance(body, dict):
        return [f"{body.get('status') or 'no answer'} in {body.get('milliseconds', '?')} ms: {body.get('note', '')}"]
    if piece.get("kind") == "table" and isinstance(body, dict):
        return ["  ".join(str(cell) for cell in row) for row in body.get("rows", [])]
    return [json.dumps(body, default=str)] if body else []


def _table(steps: Sequence[Step]) -> Table:
    table = Table.grid(padding=(0, 1))
    for step in steps:
        table.add_row(_mark(step), Text(_title(step)), Text(step.summary, overflow="fold"), Text(_took(step), style="dim"))
    return table


def _mark(step: Step) -> RenderableType:
    if step.status == Step.Status.RUNNING:
        return Spinner("dots")
    if step.status == Step.Status.WAITING:
        return Text("…", style="yellow")
    if step.status != Step.Status.DONE:
        return Text("✗", style="red")
    sign, style = MARKS[Verdict(step.verdict or Verdict.PASSED)]
    return Text(sign, style=style)


def _line(step: Step) -> Text:
    mark = _mark(step)
    sign = mark.plain if isinstance(mark, Text) else ""
    return Text(f"{sign} {_title(step)}: {step.summary or step.get_status_display()}  ({_took(step)})")


def _title(step: Step) -> str:
    words = step.node.replace("_", " ").replace("cicd", "CI/CD")
    return words[:1].upper() + words[1:] + (f" (attempt {step.attempt})" if step.attempt > 1 else "")


def _seconds(step: Step) -> float | None:
    until: datetime | None = step.finished_at
    return round((until - step.started_at).total_seconds(), 1) if until else None


def _took(step: Step) -> str:
    seconds = _seconds(step)
    return f"{seconds} s" if seconds is not None else ""
