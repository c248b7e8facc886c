"""My account: profile, sessions, and tokens that are shown once and never do more than their person."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import Settings

from controlplane.core.models import ApiToken, AuditEntry, RoleBinding, User
from tests.workloads.stage import stage

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"
ASKED = {"name": "ci", "verbs": ["view", "run"], "scope": "*", "days": "30"}


def confirmed(name: str) -> Client:
    """A browser of this person, who has just confirmed that it is they."""
    client = Client(REMOTE_ADDR="192.0.2.7")
    client.post("/sign-in/", {"login": name, "password": PASSWORD})
    client.post("/account/confirm/", {"password": PASSWORD})
    return client


def made(client: Client) -> str:
    """The text of a new token."""
    found = re.search(r"tmn_[\w-]+", client.post("/account/tokens/", ASKED).content.decode())
    assert found
    return found[0]


def test_a_token_is_shown_once_and_works(alice: User) -> None:
    client = confirmed("alice")
    text = made(client)
    assert text not in client.get("/account/").content.decode()
    used = Client(headers={"Authorization": f"Bearer {text}"}, REMOTE_ADDR="192.0.2.9").get("/api/v1/me")
    assert used.json()["username"] == "alice"
    assert "192.0.2.9" in client.get("/account/").content.decode()


def test_making_a_token_asks_who_it_is_and_then_goes_on(alice: User) -> None:
    client = Client()
    client.post("/sign-in/", {"login": "alice", "password": PASSWORD})
    asked = client.post("/account/tokens/", ASKED)
    assert asked["Location"].startswith("/account/confirm/")
    assert not ApiToken.objects.exists()
    answer = client.post(asked["Location"], {"password": PASSWORD, "next": "/account/tokens/"})
    assert "tmn_" in answer.content.decode()


def test_a_revoked_token_is_over(alice: User) -> None:
    client = confirmed("alice")
    text = made(client)
    client.post(f"/account/tokens/{ApiToken.objects.get().pk}/revoke/")
    assert Client(headers={"Authorization": f"Bearer {text}"}).get("/api/v1/me").status_code == 401
    assert {"token.issue", "token.revoke"} <= set(AuditEntry.objects.values_list("action", flat=True))


def test_nobody_revokes_the_token_of_another(alice: User, bob: User) -> None:
    made(confirmed("alice"))
    assert confirmed("bob").post(f"/account/tokens/{ApiToken.objects.get().pk}/revoke/").status_code == 404


def test_a_second_token_of_a_name_is_refused_and_what_was_typed_stays(alice: User) -> None:
    client = confirmed("alice")
    made(client)
    again = client.post("/account/tokens/", ASKED)
    assert again.status_code == 409
    assert 'value="ci"' in again.content.decode()


def test_scopes_are_those_the_person_sees(carol: User) -> None:
    here, foreign = stage(application="shop").environment, stage(application="bank").environment
    RoleBinding.objects.create(user=carol, role="viewer", scope=f"environment/{here.pk}")
    client = confirmed("carol")
    page = client.get("/account/").content.decode()
    assert ("shop" in page, "bank" in page) == (True, False)
    assert client.post("/account/tokens/", ASKED | {"scope": f"environment/{foreign.pk}"}).status_code == 400


def test_a_person_changes_their_profile_and_no_more(alice: User) -> None:
    form = {"first_name": "Alice", "last_name": "", "email": "a@example.org", "is_superuser": "on", "username": "root"}
    assert confirmed("alice").post("/account/profile/", form).status_code == 303
    alice.refresh_from_db()
    assert (alice.first_name, alice.username, alice.is_superuser) == ("Alice", "alice", False)


def test_a_person_ends_their_other_sessions(alice: User) -> None:
    mine, other = confirmed("alice"), confirmed("alice")
    assert "192.0.2.7" in mine.get("/account/sessions/").content.decode()
    mine.post("/account/sessions/")
    assert (mine.get("/").status_code, other.get("/").status_code) == (200, 302)


def test_wrong_tokens_are_slowed_down_and_right_ones_are_not(alice: User) -> None:
    text = made(confirmed("alice"))
    answers = [Client(headers={"Authorization": "Bearer tmn_wrong"}).get("/api/v1/me") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 900
    assert Client(headers={"Authorization": f"Bearer {text}"}).get("/api/v1/me").status_code == 200


def test_while_valkey_is_away_people_sign_in_and_read(alice: User, settings: Settings) -> None:
    away = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {**settings.CACHES, "default": away}
    client = confirmed("alice")
    assert [client.get(page).status_code for page in ("/", "/account/", "/metrics/", "/specialists/")] == [200] * 4
    assert Client().post("/sign-in/", {"login": "alice", "password": "wrong"}).status_code == 200
