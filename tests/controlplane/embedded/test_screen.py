"""What a person reads: plain lines where nothing can move, marks and colours on a terminal."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import timezone

from agents.models import Run, Step
from controlplane.core.errors import Conflict
from controlplane.embedded import progress
from controlplane.embedded.screen import Screen
from workloads.models import Application, Environment
from workloads.verdicts import Verdict

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
from controlplane.embedded.screen import Screen
screen = Screen()
with screen.step("Starting") as outcome:
    outcome.detail = "well"
screen.line("bad", "worse")
"""


def on_a_terminal(**variables: str) -> str:
    """What the program writes to a real pseudo-terminal."""
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **variables}
    subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, stdout=theirs, stderr=theirs, check=True)
    os.close(theirs)
    return os.read(ours, 65536).decode()


def test_lines_elsewhere_than_on_a_terminal_are_plain() -> None:
    stream = io.StringIO()
    screen = Screen(stream)
    with screen.step("Starting [bold]things[/bold]") as outcome:
        outcome.detail = "two"
    assert stream.getvalue() == "✓ Starting [bold]things[/bold]: two  0.0 s\n"


def test_a_terminal_gets_colours_unless_it_asks_for_none() -> None:
    assert "\x1b[32m" in on_a_terminal()
    assert "\x1b[32m" not in on_a_terminal(NO_COLOR="1")


def test_an_error_comes_with_its_cure_and_a_failed_step_does_not_look_done() -> None:
    stream = io.StringIO()
    screen = Screen(stream)
    with pytest.raises(Conflict) as raised, screen.step("Starting"):
        raise Conflict("It is taken.", cure="Give it back.")
    screen.error(raised.value)
    assert stream.getvalue() == "✗ It is taken.\n  Cure: Give it back.\n"


def test_a_reader_who_went_away_does_not_stop_us() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        screen = Screen(stream)
        screen.line("ok", "nobody reads this")
        screen.line("ok", "nor this")


@pytest.mark.django_db
def test_a_run_is_followed_until_it_rests() -> None:
    application = Application.objects.create(name="harbour", repository="/nowhere")
    environment = Environment.objects.create(application=application, name="local")
    run = Run.objects.create(workflow="deploy", environment=environment, status=Run.Status.FAILED, idempotency_key="1")
    now = timezone.now()
    facts = {"run": run, "started_at": now, "finished_at": now}
    Step.objects.create(node="code_quality", status=Step.Status.DONE, verdict=Verdict.PASSED, summary="nothing found", **facts)
    Step.objects.create(
        node="testing", status=Step.Status.DONE, verdict=Verdict.FAILED, summary="2 tests fail", cure="Mend them.", **facts
    )
    Step.objects.create(node="security", status=Step.Status.DONE, verdict=Verdict.NOT_EVALUATED, **facts)
    stream = io.StringIO()
    assert progress.follow(run.pk, Screen(stream), seconds=5).status == Run.Status.FAILED
    assert stream.getvalue().splitlines() == [
        "✓ code quality: nothing found  0.0 s",
        "✗ testing: 2 tests fail  0.0 s",
        "· Mend them.",
        "· security: not evaluated  0.0 s",
    ]
