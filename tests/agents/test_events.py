"""The story of a run: numbered without gaps, fast, redacted, in day partitions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from agents import events, partitions, runs
from agents.events import Line, Story
from agents.models import Run, RunEvent

Start = Callable[..., Run]


def numbers(run: Run) -> list[int]:
    return list(RunEvent.objects.filter(run=run).order_by("number").values_list("number", flat=True))


def test_a_hundred_thousand_lines_take_seconds(start: Start) -> None:
    run = start()
    lease = runs.claim(run.pk, "w")
    assert lease is not None
    story, began = Story(run.pk, lease.fence), time.monotonic()
    for number in range(100_000):
        story.say(f"tests/test_{number}.py::test_something PASSED [ {number // 1000}%]", node="testing", kind="line")
    story.flush()
    while story.pending:
        story.flush()
    assert time.monotonic() - began < 60  # about 3 s on a quiet machine
    run.refresh_from_db()
    assert numbers(run) == list(range(1, run.last_event + 1))
    assert run.last_event > 100_000


def test_lines_of_many_threads_are_numbered_without_gaps(start: Start) -> None:
    run = start()

    def tell(name: str) -> None:
        try:
            for number in range(40):
                runs.tell(run.pk, f"{name} {number}")
        finally:
            connection.close()

    threads = [threading.Thread(target=tell, args=(name,)) for name in "abcde"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.refresh_from_db()
    assert numbers(run) == list(range(1, run.last_event + 1))
    assert run.last_event >= 200


def test_a_line_is_stored_without_secrets_and_odd_bytes_and_not_endless(start: Start) -> None:
    run = start()
    known = frozenset({"correct-horse"})
    for text in ("PASSWORD=hunter2hunter2", "the word is correct-horse", "a\x00b", "x" * 20_000):
        events.append(run.pk, events.lines(text, secrets=known))
    stored = "\n".join(RunEvent.objects.filter(run=run).values_list("text", flat=True))
    assert "hunter2" not in stored
    assert "correct-horse" not in stored
    assert len(stored) < 10_000


def test_events_are_only_ever_appended(start: Start) -> None:
    run = start()
    for tampering in ("UPDATE agents_runevent SET text = 'x'", "DELETE FROM agents_runevent"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(tampering)
    assert numbers(run)


@pytest.fixture
def _no_day_partitions(transactional_db: None) -> None:
    partitions.drop_before(date(9999, 1, 1))


@pytest.mark.usefixtures("_no_day_partitions")
def test_partitions_are_made_ahead_once_and_take_over_rows_that_came_too_early(start: Start) -> None:
    run, today = start(), datetime.now(UTC).date()
    late = datetime.now(UTC) + timedelta(days=2)
    events.append(run.pk, [Line(late, "from a day that had no partition")])
    assert len(partitions.prepare(today, days=3)) == 4
    assert partitions.prepare(today, days=3) == []
    events.append(run.pk, [Line(late, "and one more of that day")])
    assert numbers(run) == list(range(1, numbers(run)[-1] + 1))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM agents_runevent_default")
        assert cursor.fetchone() == (0,)
        cursor.execute(f"SELECT count(*) FROM {partitions.PREFIX}{late:%Y%m%d}")
        assert cursor.fetchone() == (2,)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE agents_runevent SET text = 'x'")


@pytest.mark.usefixtures("_no_day_partitions")
def test_old_days_are_dropped_whole(start: Start) -> None:
    run, long_ago = start(), date(2020, 2, 28)
    partitions.prepare(long_ago, days=2)
    assert partitions.existing() == [f"{partitions.PREFIX}{day}" for day in ("20200228", "20200229", "20200301")]
    events.append(run.pk, [Line(datetime(2020, 2, 28, tzinfo=UTC), "old")])
    assert partitions.drop_before(date(2020, 3, 1)) == [f"{partitions.PREFIX}{day}" for day in ("20200228", "20200229")]
    assert not RunEvent.objects.filter(run=run, text="old").exists()
