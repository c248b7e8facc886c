"""Readings beside runs: asked for after the fact, marked with their facts, and never in anybody's way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from agents import budgets, runner, runs, tasks
from agents.budgets import Spent
from agents.models import ModelBudget, ModelCall, ModelEndpoint, Reading, Run
from agents.readings import writing
from controlplane.core.models import AuditEntry, OutboxMessage, User
from tests.agents.fakes import FakeOperations
from tests.agents.model_server import ModelServer, Mood, wait_until
from tests.agents.worker import Worker

Start = Callable[..., Run]
TOLD = {"text": "The tests failed.", "facts": ["F1"], "risks": [{"text": "It stays broken.", "level": "low", "facts": ["F2"]}]}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        running.says(TOLD)
        yield running


@pytest.fixture
def endpoint(server: ModelServer, transactional_db: None) -> ModelEndpoint:
    return ModelEndpoint.objects.create(
        name="scripted", address=server.address, model="scripted", private=True, is_default=True, timeout_seconds=3, stall_seconds=1
    )


def failed(start: Start, tmp_path: Path) -> Run:
    run = start()
    runner.drive(run.pk, FakeOperations(tmp_path / f"fake-{run.pk}", verdicts={"testing": "failed"}))
    run.refresh_from_db()
    assert run.status == Run.Status.STOPPED
    return run


def waiting(start: Start, tmp_path: Path) -> Run:
    run = start()
    runner.drive(run.pk, FakeOperations(tmp_path / f"fake-{run.pk}", policy="waiting"))
    run.refresh_from_db()
    assert run.status == Run.Status.WAITING
    return run


def test_without_an_endpoint_nothing_is_asked_for(start: Start, tmp_path: Path, admin: User, client: Client) -> None:
    run = failed(start, tmp_path)
    assert not Reading.objects.exists()
    assert not OutboxMessage.objects.filter(name="agents.write_reading").exists()
    client.force_login(admin)
    assert b"model" not in client.get(f"/runs/{run.pk}/").content


def test_a_failure_is_explained_beside_the_run(
    start: Start, endpoint: ModelEndpoint, tmp_path: Path, admin: User, client: Client
) -> None:
    run = failed(start, tmp_path)
    reading = Reading.objects.get()
    assert (reading.kind, reading.run, reading.status) == ("failure", run, "queued")
    assert OutboxMessage.objects.filter(name="agents.write_reading", arguments=[reading.pk]).exists()
    client.force_login(admin)
    assert "A model is writing an explanation" in client.get(f"/runs/{run.pk}/").content.decode()
    writing.write(reading.pk)
    reading.refresh_from_db()
    assert (reading.status, reading.why_not, reading.text) == ("written", "", "The tests failed.")
    assert reading.model == "scripted-1"
    assert [fact["id"] for fact in reading.facts] == ["F1", "F2"]
    assert AuditEntry.objects.filter(action="reading.written", actor_label="model scripted-1").count() == 1
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert "written by a model" in page
    assert f'href="{reading.facts[0]["place"]}"' in page.replace("&amp;", "&")


def test_a_plan_is_explained_while_its_change_waits(
    start: Start, endpoint: ModelEndpoint, tmp_path: Path, admin: User, client: Client
) -> None:
    run = waiting(start, tmp_path)
    reading = Reading.objects.get()
    assert (reading.kind, reading.change_id) == ("plan", run.waiting_for_id)
    writing.write(reading.pk)
    client.force_login(admin)
    for page in (f"/changes/{reading.change_id}/", f"/changes/{reading.change_id}/reading/"):
        assert "written by a model" in client.get(page).content.decode()


def test_facts_that_it_was_not_shown_carry_nothing(
    start: Start, endpoint: ModelEndpoint, server: ModelServer, tmp_path: Path
) -> None:
    failed(start, tmp_path)
    server.says({"text": "Trust me.", "facts": ["F99"], "risks": []})
    reading = Reading.objects.get()
    writing.write(reading.pk)
    reading.refresh_from_db()
    assert (reading.status, reading.why_not, reading.text) == ("not_added", writing.NO_FACT, "")


MOODS = {
    "stalls": (Mood("stall"), "said nothing|did not answer in time"),
    "stalls in a word": (Mood("stall_after_words", text="It was all a mistake"), "said nothing|did not answer in time"),
    "drips": (Mood("drip"), ""),
    "drips headers": (Mood("drip_headers"), ""),
    "cuts": (Mood("cut", text="It was all a mistake"), "cut off"),
    "drops": (Mood("drop"), "could not be reached"),
    "huge": (Mood("huge"), "more than it was allowed"),
    "huge refusal": (Mood("huge_error"), "more than it was allowed"),
    "refuses the key": (Mood("status", status=401, text="bad key"), "401"),
    "breaks": (Mood("status", status=500), "500"),
    "asks to wait too long": (Mood("status", status=429, retry_after="3600"), "429"),
    "redirects": (Mood("redirect"), "redirect"),
    "says nothing": (Mood(text=""), "nothing"),
    "breaks JSON": (Mood(text='{"text": "It'), "not of the shape"),
    "answers nonsense": (Mood("nonsense"), ""),
    "does not stream": (Mood("no_stream", text="x"), ""),
    "compresses": (Mood("compressed"), "compressed"),
    "calls tools": (Mood("tool", tools=(("drop_database", "{}"),)), ""),
    "gives orders": (Mood(text='{"text": "Approve it at once.", "facts": [], "risks": []}'), "named none"),
}


@pytest.mark.parametrize("mood", MOODS)
def test_whatever_a_model_does_the_run_ends_the_same(
    mood: str, start: Start, endpoint: ModelEndpoint, server: ModelServer, tmp_path: Path, admin: User, client: Client
) -> None:
    server.script(MOODS[mood][0])
    run = failed(start, tmp_path)
    before = Run.objects.values().get(pk=run.pk)
    began = timezone.now()
    writing.write(Reading.objects.get().pk)
    assert timezone.now() - began < timedelta(seconds=30)  # others would wait for ever
    reading = Reading.objects.get()
    assert reading.status == "not_added"
    assert any(words in reading.why_not for words in MOODS[mood][1].split("|"))
    assert Run.objects.values().get(pk=run.pk) == before
    assert not ModelCall.objects.filter(status="under_way").exists()
    assert "169.254" not in json.dumps([one.path for one in server.asked])
    client.force_login(admin)
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert "A model added no explanation here." in page


def test_a_switched_off_model_is_said(start: Start, endpoint: ModelEndpoint, server: ModelServer, tmp_path: Path) -> None:
    ModelEndpoint.objects.update(enabled=False)
    failed(start, tmp_path)
    writing.write(Reading.objects.get().pk)
    assert "switched off" in Reading.objects.get().why_not
    assert server.asked == []


def test_an_endpoint_of_one_specialist_alone_says_nothing_elsewhere(start: Start, endpoint: ModelEndpoint, tmp_path: Path) -> None:
    ModelEndpoint.objects.update(is_default=False)
    failed(start, tmp_path)
    assert not Reading.objects.exists()


def test_out_of_budget_is_said(
    start: Start, endpoint: ModelEndpoint, server: ModelServer, tmp_path: Path, admin: User, client: Client
) -> None:
    ModelBudget.objects.create(calls=0)
    run = failed(start, tmp_path)
    writing.write(Reading.objects.get().pk)
    client.force_login(admin)
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert "The budget of everything, a month has too few calls left." in page
    assert server.asked == []


def test_the_api_tells_what_was_written(start: Start, endpoint: ModelEndpoint, tmp_path: Path, admin: User, client: Client) -> None:
    run, parked = failed(start, tmp_path), waiting(start, tmp_path)
    for reading in Reading.objects.order_by("pk"):
        writing.write(reading.pk)
    client.force_login(admin)
    (told,) = client.get(f"/api/v1/runs/{run.pk}").json()["readings"]
    assert (told["text"], told["written_by_model"], told["status"]) == ("The tests failed.", "scripted-1", "written")
    assert [fact["id"] for fact in told["facts"]] == ["F1", "F2"]
    assert len(client.get(f"/api/v1/changes/{parked.waiting_for_id}").json()["readings"]) == 1
    calls = client.get(f"/api/v1/model-calls?run={run.pk}").json()["results"]
    assert [(call["purpose"], call["tokens_in"], call["status"]) for call in calls] == [("summary", 100, "ok")]


def test_a_dead_workers_reading_is_taken_up_again(start: Start, endpoint: ModelEndpoint, tmp_path: Path) -> None:
    failed(start, tmp_path)
    reading = Reading.objects.get()
    taken = writing._take(reading.pk)
    assert taken is not None
    writing.write(reading.pk)
    assert Reading.objects.get().status == "reading"  # another has it
    Reading.objects.update(lease_expires_at=Now() - timedelta(seconds=1), created_at=Now() - timedelta(minutes=1))
    assert writing.take_up_again() == 1
    writing.write(reading.pk)
    assert Reading.objects.get().status == "written"
    writing._finish(taken, "not_added", why_not="The dead one wakes.")
    assert Reading.objects.get().status == "written"


def test_what_kills_its_worker_again_and_again_is_given_up(start: Start, endpoint: ModelEndpoint, tmp_path: Path) -> None:
    failed(start, tmp_path)
    Reading.objects.update(fence=writing.MOST_TRIES)
    writing.write(Reading.objects.get().pk)
    assert "were lost over it" in Reading.objects.get().why_not


def test_no_more_are_written_at_once_than_agreed(
    start: Start, endpoint: ModelEndpoint, server: ModelServer, tmp_path: Path
) -> None:
    for _ in range(writing.AT_ONCE + 1):
        failed(start, tmp_path)
    first, *_, last = Reading.objects.order_by("pk")
    Reading.objects.exclude(pk=last.pk).update(status="reading", lease_expires_at=timezone.now() + timedelta(minutes=1))
    writing.write(last.pk)
    assert server.asked == []
    assert Reading.objects.get(pk=last.pk).status == "queued"
    Reading.objects.filter(pk=first.pk).update(status="not_added")
    writing.write(last.pk)
    assert Reading.objects.get(pk=last.pk).status == "written"


def test_a_retry_that_fails_again_is_explained_again(start: Start, endpoint: ModelEndpoint, tmp_path: Path, alice: User) -> None:
    from controlplane.core.actors import Actor

    run = failed(start, tmp_path)
    runs.retry(Actor.person(alice), run)
    runner.drive(run.pk, FakeOperations(tmp_path / f"fake-{run.pk}"))
    assert Reading.objects.filter(run=run).count() == 2


def test_runs_go_on_while_a_model_stalls_and_a_killed_worker_loses_nothing(
    start: Start, fake: Callable[..., FakeOperations], begin: Callable[[FakeOperations], Worker], endpoint: ModelEndpoint,
    server: ModelServer, tmp_path: Path,
) -> None:  # fmt: skip
    ModelEndpoint.objects.update(timeout_seconds=600, stall_seconds=600)
    ModelBudget.objects.create(tokens=10_000)
    server.script(Mood("stall", seconds=600))
    stopped = [failed(start, tmp_path) for _ in range(4)]
    worker = begin(fake())
    wait_until(lambda: len(server.asked) == 1, 60)
    run = start()
    wait_until(lambda: Run.objects.get(pk=run.pk).status == "succeeded", 60)
    assert len(server.asked) == 1
    worker.kill()
    assert budgets.spent(ModelBudget.objects.get()).tokens_aside > 0
    hour = timedelta(hours=1)
    Reading.objects.filter(status="reading").update(lease_expires_at=Now() - hour)
    ModelCall.objects.update(set_aside_until=Now() - hour)
    Reading.objects.update(created_at=Now() - hour)
    server.says(TOLD)
    begin(fake())
    wait_until(lambda: Reading.objects.filter(status="written").count() == 4, 60, tasks.resume_readings)
    assert {one.run_id for one in Reading.objects.all()} == {one.pk for one in stopped}
    assert budgets.spent(ModelBudget.objects.get()) == Spent(480, 4 * endpoint.cost(100, 20), 5)
    assert ModelCall.objects.filter(status="lost").count() == 1
