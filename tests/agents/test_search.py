"""The search in what runs said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from agents import partitions, runs, search
from agents.models import Run, RunEvent
from controlplane.core.errors import Invalid
from tests.workloads.stage import Stage, stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def production(db: None) -> Stage:
    """`shop/production`."""
    return stage("production")


def a_run(production: Stage, key: str, *said: str, level: str = "info") -> Run:
    run = Run.objects.create(workflow="deploy", environment=production.environment, requested_by_label="alice", idempotency_key=key)
    for text in said:
        runs.tell(run.pk, text, node="testing", kind="line", level=level)
    return run


def found(text: str, days: float = 1) -> search.Found:
    return search.find(Run.objects.all(), text, timezone.now() - timedelta(days=days))


def test_a_run_is_found_by_the_beginnings_of_words_that_one_of_its_lines_says(production: Stage) -> None:
    run = a_run(production, "one", "collected 3 items", "orders/models.py:17: NameError: shiping_cost", "3 passed")
    for text in ("shiping", "models nameerror", "ORDERS", "shiping_cost", "17"):
        assert list(found(text).best) == [run.pk], text
    assert found("collected nameerror").best == {}  # two lines
    assert found("ame").best == {}  # the middle of a word


def test_the_best_line_is_the_gravest_and_then_the_first(production: Stage) -> None:
    run = a_run(production, "one", "the basket is empty", "a basket was lost")
    runs.tell(run.pk, "no basket at all", level="error")
    runs.tell(run.pk, "another basket failed", level="error")
    best = search.lines(list(found("basket").best.values()))
    assert best[run.pk].text == "no basket at all"


def test_colours_of_a_terminal_hide_no_word(production: Stage) -> None:
    run = a_run(production, "one", "\x1b[31mFAILED\x1b[0m tests/test_basket.py")
    assert list(found("failed").best) == [run.pk]


def test_what_was_said_before_the_time_asked_about_is_not_found(production: Stage) -> None:
    run = a_run(production, "one", "basket")
    assert search.find(Run.objects.all(), "basket", timezone.now() + timedelta(minutes=1)).best == {}
    assert search.find(Run.objects.exclude(pk=run.pk), "basket", timezone.now() - timedelta(days=1)).best == {}


def test_a_text_without_a_word_is_refused(production: Stage) -> None:
    with pytest.raises(Invalid, match="no word"):
        found("... !! ---")


def test_when_very_many_lines_fit_it_says_that_it_looked_at_the_newest(production: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_LINES", 3)
    old, new = a_run(production, "old", "passed"), a_run(production, "new", *["passed"] * 3)
    assert (list(found("passed").best), found("passed").cut) == ([new.pk], True)
    assert old.pk not in found("passed").best


def test_a_search_that_takes_too_long_is_given_up_and_says_what_to_do(production: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    a_run(production, "one", "basket")
    monkeypatch.setattr(search, "SECONDS", 0.001)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO agents_runevent SELECT id, n, current_date, now(), 'info', '', 'line', 'a word ' || n "
                       "FROM agents_run, generate_series(1000, 60000) n")  # fmt: skip
    with pytest.raises(Invalid) as refused:
        found("word")
    assert "rarer word" in refused.value.cure
    monkeypatch.setattr(search, "SECONDS", 30.0)
    assert list(found("basket").best)  # the patience of one search is not that of the next


def test_the_partition_of_a_new_day_has_the_index_too(production: Stage) -> None:
    run, day = a_run(production, "one", "today"), date(2031, 5, 17)
    partitions.prepare(day, days=0)
    at = datetime(2031, 5, 17, 12, tzinfo=UTC)
    RunEvent.objects.create(run=run, number=900, day=day, at=at, text="a basket of the future")
    best = search.find(Run.objects.all(), "basket", at - timedelta(hours=1)).best
    assert best == {run.pk: (run.pk, 900, day)}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE tablename = 'agents_runevent_20310517' AND indexdef LIKE '%USING gin%'"
        )
        assert len(cursor.fetchall()) == 1
