"""The facts of a failure: how the run ended, what its steps found, and what was said when it went wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from agents.models import Reading, Run, RunEvent, Step
from agents.readings.facts import Fact
from workloads.verdicts import Verdict

MOST_LINES = 60
BAD = (RunEvent.Level.ERROR, RunEvent.Level.WARNING)
WRONG = (Verdict.FAILED, Verdict.INCONCLUSIVE)


def facts(reading: Reading) -> list[Fact]:
    """What went wrong first, what went well last."""
    run = reading.run
    assert run is not None
    found = [Fact("how the run ended", _ending(run), "#run-result", 0)]
    for step in Step.objects.filter(run=run).order_by("node", "-attempt").distinct("node"):
        found += _of_step(step)
    lines = list(RunEvent.objects.filter(run=run.pk, level__in=BAD).order_by("-number")[:MOST_LINES])
    text = "\n".join(f"{line.node}: {line.text}" for line in reversed(lines))
    return [*found, Fact("warnings and errors of the story", text, "#story-title", 2)]


def _ending(run: Run) -> str:
    said = [run.result.get("summary"), run.result.get("cure")]
    return "\n".join([f"{run.workflow}: {run.get_status_display()}", *(text for text in said if text)])


def _of_step(step: Step) -> Iterator[Fact]:
    wrong = step.verdict in WRONG or step.status in (Step.Status.FAILED, Step.Status.LOST)
    title = step.node.replace("_", " ")
    words = [step.get_verdict_display() if step.verdict else step.get_status_display(), step.summary, step.cure]
    yield Fact(f"step {title}", "\n".join(filter(None, words)), f"?node={step.node}#node", 1 if wrong else 4)
    for number, piece in enumerate(step.evidence if wrong else [], start=1):
        place = f"?node={step.node}#evidence-{step.node}-{number}"
        yield Fact(f"{title}: {piece.get('title', '')}"[:200], _body(piece), place, 1 if piece.get("verdict") == "failed" else 2)


def _body(piece: dict[str, Any]) -> str:
    body = piece.get("body")
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return f"{piece.get('asked', '')}\n{_end_of(text)}".strip()


def _end_of(text: str, most: int = 5_000) -> str:
    """The end of a long text: that is where tools say what went wrong."""
    return text if len(text) <= most else f"... {len(text) - most} characters before\n{text[-most:]}"
