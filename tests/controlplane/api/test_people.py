"""Tokens: made by people, shown once, ended; and the command that makes them."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from controlplane.core.models import ApiToken, AuditEntry, IdempotentAnswer, User
from tests.controlplane.api.conftest import Client
from tests.workloads.stage import Stage

pytestmark = pytest.mark.django_db
ASKED = {"name": "ci", "verbs": ["view", "run"], "days": 30}


def _signed_in(person: User) -> APIClient:
    """Who has just confirmed that it is they."""
    client = APIClient()
    client.force_login(person)
    assert client.post("/account/confirm/", {"password": "correct horse battery staple"}).status_code == 302
    return client


def test_a_session_alone_makes_no_token(alice: User) -> None:
    client = APIClient()
    client.force_login(alice)
    answer = client.post("/api/v1/tokens", ASKED, format="json")
    assert (answer.status_code, "/account/confirm/" in answer.json()["cure"]) == (403, True)


def test_a_person_makes_a_token_and_sees_it_once(alice: User) -> None:
    answer = _signed_in(alice).post("/api/v1/tokens", ASKED, format="json")
    assert answer.status_code == 201
    text = answer.json()["text"]
    assert APIClient(headers={"Authorization": f"Bearer {text}"}).get("/api/v1/me").json()["username"] == "alice"
    assert text not in str(list(ApiToken.objects.values())) + str(list(AuditEntry.objects.values()))
    assert "text" not in _signed_in(alice).get("/api/v1/tokens").json()[0]


def test_a_token_asked_for_twice_under_its_key_is_made_once_and_its_text_is_not_kept(alice: User) -> None:
    headers = {"Idempotency-Key": "make"}
    first, second = (_signed_in(alice).post("/api/v1/tokens", ASKED, format="json", headers=headers) for _ in range(2))
    assert (first.json()["token"], second.status_code) == (second.json()["token"], 201)
    assert (first.json()["text"].startswith("tmn_"), second.json()["text"]) == (True, "")
    assert first.json()["text"] not in str(list(IdempotentAnswer.objects.values()))


def test_a_token_makes_no_tokens(admin: User, client_of: Client) -> None:
    assert client_of(admin).post("/api/v1/tokens", ASKED, format="json").status_code == 403


def test_one_name_a_person(alice: User) -> None:
    client = _signed_in(alice)
    client.post("/api/v1/tokens", ASKED, format="json")
    assert client.post("/api/v1/tokens", ASKED, format="json").status_code == 409


def test_a_token_ends_itself_and_no_other(alice: User, client_of: Client) -> None:
    client, other = client_of(alice), client_of(alice).get("/api/v1/tokens").json()[1]["id"]
    assert client.delete(f"/api/v1/tokens/{other}").status_code == 403
    own = client.get("/api/v1/tokens").json()[0]["id"]
    assert client.delete(f"/api/v1/tokens/{own}").status_code == 204
    assert client.get("/api/v1/me").status_code == 401


def test_a_person_ends_their_own_tokens_only(alice: User, bob: User) -> None:
    number = _signed_in(alice).post("/api/v1/tokens", ASKED, format="json").json()["token"]["id"]
    assert _signed_in(bob).delete(f"/api/v1/tokens/{number}").status_code == 404
    assert _signed_in(alice).delete(f"/api/v1/tokens/{number}").status_code == 204
    assert _signed_in(alice).get("/api/v1/tokens").json() == []


def test_me_says_where_i_may_do_what(production: Stage, alice: User, client_of: Client) -> None:
    scope = f"environment/{production.environment.pk}"
    may = client_of(alice, scope=scope).get("/api/v1/me").json()["may"]
    assert (may["run"], may["approve"]) == ([scope], [])


def test_the_command_prints_a_token_that_works(alice: User) -> None:
    out = StringIO()
    call_command("token", "alice", "ci", "--verb", "view", "--days", "1", stdout=out, stderr=StringIO())
    client = APIClient(headers={"Authorization": f"Bearer {out.getvalue().strip()}"})
    assert client.get("/api/v1/me").json()["username"] == "alice"
    call_command("token", "alice", "ci", "--revoke", stdout=out)
    assert client.get("/api/v1/me").status_code == 401
    call_command("token", "alice", "--list", stdout=out)
    assert "ci\tview\t*\trevoked" in out.getvalue()


@pytest.mark.parametrize("words", [["nobody", "ci"], ["alice"], ["alice", "ci", "--scope", "shop"], ["alice", "ci", "--revoke"]])
def test_the_command_says_what_is_wrong(alice: User, words: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("token", *words, stdout=StringIO(), stderr=StringIO())


def test_a_signed_in_person_needs_the_csrf_token(alice: User) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post("/api/v1/tokens", ASKED, format="json").status_code == 403
