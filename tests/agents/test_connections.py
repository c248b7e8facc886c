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
          WHERE datname = current_database() AND pid <> pg_backend_pid()"""


def test_twenty_runs_in_their_tools_hold_no_connection(environment: Environment, fake: Fake, start: Callable[..., Run]) -> None:
    operations = fake(seconds={"testing": 4.0})
    asked = [start()]
    for number in range(19):
        other = Application.objects.create(name=f"shop{number}", repository="/nowhere")
        asked.append(_in(Environment.objects.create(application=other, name="local"), number))
    threads = [threading.Thread(target=runner.drive, args=(run.pk, operations)) for run in asked]
    for thread in threads:
        thread.start()
    _until_all_test(operations, len(asked))
    pool = connection.pool  # type: ignore[attr-defined]
    held, active, seen = [], [], []
    for _ in range(10):  # a pulse takes one for a moment: look several times
        time.sleep(0.1)
        stats = pool.get_stats()
        held.append(stats["pool_size"] - stats["pool_available"])
        with connection.cursor() as cursor:
            cursor.execute(BUSY)
            busy, there = cursor.fetchone()
            active.append(busy)
            seen.append(there)
    for thread in threads:
        thread.join(60)
    assert min(held) <= 1  # ours
    assert min(active) == 0
    assert max(seen) <= 8 + 4  # Django's pool and that of the checkpoints, for twenty runs of seven threads each
    assert set(Run.objects.values_list("status", flat=True)) == {Run.Status.SUCCEEDED}


def _in(environment: Environment, number: int) -> Run:
    from agents import runs
    from controlplane.core.actors import Actor

    return runs.start(Actor.system("test"), environment, "deploy", {"ref": "v1"}, idempotency_key=f"many-{number}")


def _until_all_test(operations: FakeOperations, count: int) -> None:
    end = time.monotonic() + 60
    while operations.calls().count("testing") < count:
        assert time.monotonic() < end
        time.sleep(0.05)
