"""No database connection is held while a tool waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from django.db import connection

from agents import runner
from agents.models import Run
from tests.agents.fakes import FakeOperations
from workloads.models import Application, Environment

Fake = Callable[..., FakeOperations]
BUSY = """SELECT count(*) FILTER (WHERE state <> 'idle'), count(*) FROM pg_stat_activity
          WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""


def test_twenty_runs_in_their_tools_hold_no_connection(environment: Environment, fake: Fake, start: Callable[..., Run]) -> None:
    operations = fake(seconds={"testing": 120.0})
    asked = [start()]
    for number in range(19):
        other = Application.objects.create(name=f"shop{number}", repository="/nowhere")
        asked.append(_in(Environment.objects.create(application=other, name="local"), number))
    threads = [threading.Thread(target=runner.drive, args=(run.pk, operations)) for run in asked]
    for thread in threads:
        thread.start()
    looks = _look_until_quiet(operations, len(asked))
    operations.go()
    for thread in threads:
        thread.join(60)
    assert looks[-1][2] <= 8 + 4  # Django's pool and that of the checkpoints, for twenty runs of seven threads each
    assert set(Run.objects.values_list("status", flat=True)) == {Run.Status.SUCCEEDED}


def _look_until_quiet(operations: FakeOperations, count: int) -> list[tuple[int, int, int]]:
    """Look until every run waits in its tool and nobody but us has a connection: (taken from the pool, not idle, there)."""
    pool, looks = connection.pool, list[tuple[int, int, int]]()  # type: ignore[attr-defined]
    end = time.monotonic() + 120  # twenty pulses take turns, slowly on a busy machine
    while True:
        time.sleep(0.05)
        stats = pool.get_stats()
        with connection.cursor() as cursor:
            cursor.execute(BUSY)
            busy, there = cursor.fetchone()
        looks.append((stats["pool_size"] - stats["pool_available"], busy, there))
        assert operations.calls().count("plan") == 0
        if operations.calls().count("testing") == count and looks[-1][0] <= 1 and busy == 0:
            return looks
        assert time.monotonic() < end, looks[-20:]


def _in(environment: Environment, number: int) -> Run:
    from agents import runs
    from controlplane.core.actors import Actor

    return runs.start(Actor.system("test"), environment, "deploy", {"ref": "v1"}, idempotency_key=f"many-{number}")
