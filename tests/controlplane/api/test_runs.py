"""Runs through the API: their story, line by line, and their end."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection, connections

from agents import runs
from agents.models import Run
from controlplane.core.models import User
from controlplane.core.permissions import Verb
from tests.controlplane.api.conftest import Client

pytestmark = pytest.mark.django_db


def _events(run: Run) -> str:
    return f"/api/v1/runs/{run.pk}/events"


def test_the_story_goes_on_after_a_number_without_a_gap(run: Run, alice: User, client_of: Client) -> None:
    client = client_of(alice)
    before = client.get(_events(run)).json()["last"]
    runs.tell(run.pk, "one\ntwo\nthree", node="testing", kind="line")
    first = client.get(_events(run), {"after": before, "limit": 2}).json()
    rest = client.get(_events(run), {"after": first["last"]}).json()
    assert [line["text"] for line in first["events"] + rest["events"]] == ["one", "two", "three"]
    assert [line["number"] for line in first["events"] + rest["events"]] == [before + 1, before + 2, before + 3]
    assert not rest["ended"]


def test_an_ended_run_says_so_at_once(run: Run, alice: User, client_of: Client) -> None:
    client = client_of(alice)
    assert client.post(f"/api/v1/runs/{run.pk}/cancel").status_code == 202
    last = client.get(_events(run)).json()["last"]
    began = time.monotonic()
    answer = client.get(_events(run), {"after": last, "wait": 20}).json()
    assert time.monotonic() - began < 5
    assert (answer["ended"], answer["status"], answer["events"]) == (True, "cancelled", [])


@pytest.mark.parametrize("asked", [{"wait": "26"}, {"after": "-1"}, {"after": "x"}, {"limit": "0"}])
def test_what_cannot_be_asked_is_refused(run: Run, alice: User, client_of: Client, asked: dict[str, str]) -> None:
    assert client_of(alice).get(_events(run), asked).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_whoever_waits_hears_the_next_line_soon_and_holds_no_connection(run: Run, alice: User, client_of: Client) -> None:
    client, heard, held = client_of(alice), [], []
    last = client.get(_events(run)).json()["last"]

    def listen() -> None:
        heard.append(client.get(_events(run), {"after": last, "wait": 20}).json())
        connections.close_all()

    before = _connections_of_others()
    listener = threading.Thread(target=listen)
    listener.start()
    time.sleep(0.6)
    for _ in range(20):
        held.append(_connections_of_others())
        time.sleep(0.02)
    runs.tell(run.pk, "news")
    listener.join(5)
    assert [line["text"] for line in heard[0]["events"]] == ["news"]
    assert held.count(before) > 15


def test_a_wait_without_news_ends_with_nothing(run: Run, alice: User, client_of: Client) -> None:
    client = client_of(alice)
    last = client.get(_events(run)).json()["last"]
    answer = client.get(_events(run), {"after": last, "wait": 0.3}).json()
    assert (answer["events"], answer["last"]) == ([], last)


def test_where_too_many_wait_already_nobody_waits_long(
    run: Run, alice: User, client_of: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controlplane.api.views.runs._waits", threading.BoundedSemaphore(0))
    client = client_of(alice)
    last = client.get(_events(run)).json()["last"]
    began = time.monotonic()
    answer = client.get(_events(run), {"after": last, "wait": 20})
    assert (answer.status_code, answer.json()["events"], time.monotonic() - began < 5) == (200, [], True)


def test_scripts_read_the_story_as_text_and_the_rest_in_headers(run: Run, alice: User, client_of: Client) -> None:
    client = client_of(alice)
    last = client.get(_events(run)).json()["last"]
    runs.tell(run.pk, "one\ttab \x1b[31mred\x1b[0m\x07", node="testing", kind="line")
    runs.tell(run.pk, "careful", level="warning")
    answer = client.get(_events(run), {"after": last}, headers={"Accept": "text/plain"})
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert [line.partition(" ")[2] for line in answer.content.decode().splitlines()] == ["one\ttab red", "! careful"]
    assert (answer["Timonel-Last"], answer["Timonel-Status"], answer["Timonel-Ended"]) == (str(last + 2), "queued", "false")
    assert "Timonel-Exit-Code" not in answer
    refused = client.get(_events(run), {"odd": 1}, headers={"Accept": "text/plain"})
    assert (refused.status_code, refused["Content-Type"], "odd" in refused.json()["errors"]) == (
        400,
        "application/problem+json",
        True,
    )


def test_the_exit_code_is_told_once_everything_is(run: Run, alice: User, client_of: Client) -> None:
    client = client_of(alice)
    assert client.get(_events(run)).json()["exit_code"] is None
    client.post(f"/api/v1/runs/{run.pk}/cancel")
    assert client.get(_events(run), {"limit": 1}).json()["exit_code"] is None
    assert client.get(_events(run)).json()["exit_code"] == 1


def test_a_cancellation_sent_twice_with_its_key_is_answered_alike(run: Run, alice: User, client_of: Client) -> None:
    headers = {"Idempotency-Key": "cancel"}
    first, second = (client_of(alice).post(f"/api/v1/runs/{run.pk}/cancel", headers=headers) for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())


def test_a_run_is_cancelled_by_whoever_may_run_things_there(
    run: Run, alice: User, bob: User, mallory: User, client_of: Client
) -> None:
    assert client_of(bob).post(f"/api/v1/runs/{run.pk}/cancel").status_code == 403
    assert client_of(mallory).post(f"/api/v1/runs/{run.pk}/cancel").status_code == 404
    assert client_of(alice, Verb.VIEW).post(f"/api/v1/runs/{run.pk}/cancel").status_code == 403
    assert client_of(alice).post(f"/api/v1/runs/{run.pk}/cancel").json()["status"] == "cancelled"
    assert client_of(alice).post(f"/api/v1/runs/{run.pk}/cancel").status_code == 409


def test_only_what_failed_is_tried_again(run: Run, alice: User, client_of: Client) -> None:
    assert client_of(alice).post(f"/api/v1/runs/{run.pk}/retry").status_code == 409
    Run.objects.filter(pk=run.pk).update(status="failed")
    assert client_of(alice).post(f"/api/v1/runs/{run.pk}/retry").json()["status"] == "queued"


def _connections_of_others() -> int:
    """Connections of this process that are in use beside ours."""
    stats = connection.pool.get_stats()  # type: ignore[attr-defined]
    return int(stats["pool_size"] - stats["pool_available"] - 1)


def test_runs_are_found_by_the_words_of_their_story_and_by_who_asked(run: Run, alice: User, client_of: Client) -> None:
    client = client_of(alice)
    runs.tell(run.pk, "orders/models.py: NameError: shiping_cost")

    def numbers(**query: str) -> list[int]:
        return [row["id"] for row in client.get("/api/v1/runs", query).json()["results"]]

    assert numbers(q="nameerror shiping") == [run.pk]
    assert numbers(q="nothing") == []
    assert numbers(by=run.requested_by_label[:3]) == [run.pk]
    refused = client.get("/api/v1/runs", {"q": "..."})
    assert (refused.status_code, "letters or digits" in refused.json()["cure"]) == (400, True)
