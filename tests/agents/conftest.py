"""An environment to run in, and runs of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents import checkpoints, runs
from agents.models import Run
from controlplane.core.actors import Actor
from tests.agents.fakes import FakeOperations
from tests.agents.worker import Worker
from workloads.models import Application, Environment

_keys = itertools.count()


@pytest.fixture(scope="session", autouse=True)
def _pool_closed(django_db_setup: None) -> Iterator[None]:
    """Nobody is connected any more when the test database is dropped."""
    yield
    checkpoints.close()


@pytest.fixture
def environment(transactional_db: None) -> Environment:
    """The environment `local` of an application `shop`."""
    application = Application.objects.create(name="shop", repository="/nowhere")
    return Environment.objects.create(application=application, name="local")


@pytest.fixture
def fake(tmp_path: Path) -> Callable[..., FakeOperations]:
    """Operations that follow the given scenario."""
    return lambda **scenario: FakeOperations(tmp_path / "fakes", **scenario)


@pytest.fixture
def start(environment: Environment) -> Callable[..., Run]:
    """Ask for a run as Timonel's own terminal does."""

    def ask(workflow: str = "deploy", actor: Actor | None = None, **more: object) -> Run:
        actor = actor or Actor.system("test")
        return runs.start(actor, environment, workflow, {"ref": "v1", **more}, idempotency_key=f"test-{next(_keys)}")

    return ask


@pytest.fixture
def begin(environment: Environment) -> Iterator[Callable[[FakeOperations], Worker]]:
    """Begin a worker with these operations; killed at the end of the test."""
    begun: list[Worker] = []

    def next_one(fake: FakeOperations) -> Worker:
        begun.append(Worker(fake.folder))
        return begun[-1]

    yield next_one
    for worker in begun:
        worker.kill()
