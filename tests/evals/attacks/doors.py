"""How a model comes to read: asked by a person, for an incident, of a step, a plan, a failed run."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

from agents import inquiries
from agents.models import AgentProfile, Inquiry, Reading, Run
from agents.readings import asked as readings
from agents.readings import writing
from agents.specialists import registry
from tests.evals.attacks.channels import SYSTEM, World, step_of
from tests.workloads.test_git import commit, sh
from workloads import findings, incidents
from workloads.adapters import git
from workloads.history import mirror_of
from workloads.models import Change

_numbers = itertools.count(1)
# The specialist that reads a step with this channel in it.
READERS = {"outputs of a step's tools": "monitoring", "documents, for a step": "monitoring", "findings of a step": "security"}
OTHERS = "code_quality"
WITH_REQUIREMENTS = "security"


def ask(world: World) -> Reading:
    """A person asks; answered at once."""
    found = inquiries.ask(SYSTEM, world.environment, world.question, key=f"attack-{next(_numbers)}")
    return _written(found.reading)


def investigate(world: World) -> Reading:
    """An incident is investigated."""
    incident = incidents.open_for_alert(SYSTEM, world.environment, f"Restarts{next(_numbers)}@x", "The worker restarts.", {})
    found = inquiries.ask_for(incident)
    assert found is not None
    return _written(found.reading)


def step(world: World, channel: str, folder: Path) -> Reading:
    """A specialist's step is read."""
    name = WITH_REQUIREMENTS if channel == "requirements" else READERS.get(channel, OTHERS)
    run, sha = _run(world), _source(world, folder)
    head = {"title": "Commit", "kind": "json", "body": {"commit": sha}, "asked": "", "verdict": None}
    step_of(world, run, "checkout", [head], verdict="passed")
    evidence = world.evidence or [{"title": "The log", "kind": "log", "body": "zebra latency", "asked": "", "verdict": "failed"}]
    made = step_of(world, run, registry()[name].node, evidence)
    findings.record(world.environment.application, run.pk, sha, world.facts, None)
    AgentProfile.objects.filter(name=name).update(thinking=True)
    readings.of_step(made)
    return _written(Reading.objects.get(step=made))


def plan(world: World) -> Reading:
    """A change that waits is read."""
    change = waiting(world)
    run = _run(world)
    readings.of_plan(run, change)
    return _written(Reading.objects.get(change=change))


def failure(world: World) -> Reading:
    """A run that failed is read."""
    from agents.models import RunEvent

    run = _run(world, status="failed")
    step_of(
        world,
        run,
        "testing",
        world.evidence or [{"title": "Tests", "kind": "log", "body": "1 failed", "asked": "", "verdict": "failed"}],
    )
    for number, text in enumerate(world.lines):
        RunEvent.objects.create(
            run=run, number=number + 1, day=run.created_at.date(), at=run.created_at, level="error", node="testing", text=text
        )
    readings.of_failure(run)
    return _written(Reading.objects.get(run=run, kind="failure"))


def waiting(world: World) -> Change:
    """A roll-out that waits for people."""
    stage = world.stage
    return stage.propose(stage.release(f"v{next(_numbers)}"), facts=world.preview)


def inquiry_of(reading: Reading) -> Inquiry | None:
    """The question that it answers, where it answers one."""
    return Inquiry.objects.select_related("diagnosis", "environment").filter(reading=reading).first()


def _written(reading: Reading) -> Reading:
    writing.write(reading.pk)
    reading.refresh_from_db()
    return reading


def _run(world: World, status: str = "succeeded") -> Run:
    return Run.objects.create(
        workflow="deploy",
        environment=world.environment,
        status=status,
        requested_by_label="x",
        idempotency_key=f"door-{next(_numbers)}",
        result={"summary": "It ended."},
    )


def _source(world: World, folder: Path) -> str:
    """The application's source in its mirror; the commit."""
    if not world.files:
        return "c" * 40
    origin = folder / f"origin-{next(_numbers)}"
    origin.mkdir(parents=True)
    sh(origin, "git", "init", "-q", "-b", "trunk")
    for path, text in world.files.items():
        (origin / path).write_text(text)
    commit(origin, "Begin.")
    application = world.environment.application
    application.repository = str(origin)
    application.save()
    git.clone_or_fetch(str(origin), mirror_of(application), deadline=time.monotonic() + 60)
    return git.resolve(mirror_of(application), "HEAD").sha
