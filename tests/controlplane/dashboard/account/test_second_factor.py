"""Two-factor: an authenticator app, recovery codes, confirming oneself before what is sensitive."""

from __future__ import annotations

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth import SESSION_KEY
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from controlplane.core.models import AuditEntry, User
from controlplane.core.throttle import TRIES_OF_ACCOUNT

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"


def code_of(secret: str) -> str:
    """What the app shows now."""
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


@pytest.fixture
def client(bob: User) -> Client:
    """Bob, who has just confirmed that it is he."""
    client = Client()
    assert client.post("/sign-in/", {"login": "bob", "password": PASSWORD}).status_code == 302
    assert client.post("/account/confirm/", {"password": PASSWORD}).status_code == 302
    return client


@pytest.fixture
def secret(client: Client) -> str:
    """Bob's app is set up."""
    return activate(client)


def activate(client: Client) -> str:
    """Set up an app; its secret."""
    page = client.get("/account/two-factor/app/add/").content.decode()
    found = re.search(r'value="([A-Z2-7]{32})"', page)
    assert found, page
    answer = client.post("/account/two-factor/app/add/", {"code": code_of(found[1])})
    assert (answer.status_code, answer["Location"]) == (302, "/account/two-factor/codes/")
    return found[1]


def half_way(name: str = "bob") -> Client:
    """A browser that has given the password and is asked for the second factor."""
    client = Client()
    assert client.post("/sign-in/", {"login": name, "password": PASSWORD})["Location"] == "/sign-in/second-factor/"
    return client


def test_the_password_alone_does_not_sign_in(secret: str) -> None:
    client = half_way()
    assert SESSION_KEY not in client.session
    assert client.get("/runs/")["Location"].startswith("/sign-in/")


def test_a_recovery_code_signs_in_once(client: Client, secret: str) -> None:
    codes = re.findall(r"\b\d{8}\b", client.get("/account/two-factor/codes/download/").content.decode())
    assert len(codes) == 10
    assert half_way().post("/sign-in/second-factor/", {"code": codes[0]})["Location"] == "/"
    assert half_way().post("/sign-in/second-factor/", {"code": codes[0]}).status_code == 200


def test_wrong_codes_are_throttled_and_the_page_says_for_how_long(secret: str) -> None:
    client = half_way()
    for _ in range(TRIES_OF_ACCOUNT):
        assert client.post("/sign-in/second-factor/", {"code": "000000"}).status_code == 200
    refused = half_way().post("/sign-in/second-factor/", {"code": code_of(secret)})
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 900
    assert "Wait 15 minutes" in refused.content.decode()


def test_secrets_lie_sealed_in_the_database(secret: str) -> None:
    assert secret not in str(list(Authenticator.objects.values_list("data", flat=True)))


def test_what_is_sensitive_asks_again_after_a_while(client: Client) -> None:
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - 3600, "reauthenticated": True}]
    session.save()
    for page in ("app/add", "passkeys/add"):
        assert client.get(f"/account/two-factor/{page}/")["Location"].startswith("/account/confirm/")
    assert client.post("/account/confirm/", {"password": "wrong"}).status_code == 200
    assert client.post("/account/confirm/", {"password": PASSWORD}).status_code == 302
    assert client.get("/account/two-factor/app/add/").status_code == 200


def test_each_change_is_in_the_audit(client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        activate(client)
    client.post("/account/two-factor/app/remove/")
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"person.sign_in", "authenticator.add", "authenticator.remove"} <= actions


def test_a_changed_password_ends_the_other_sessions(client: Client) -> None:
    other = Client()
    other.post("/sign-in/", {"login": "bob", "password": PASSWORD})
    new = {"oldpassword": PASSWORD, "password1": "a new one, much longer", "password2": "a new one, much longer"}
    assert client.post("/account/password/", new).status_code == 302
    assert (client.get("/").status_code, other.get("/").status_code) == (200, 302)
    assert AuditEntry.objects.filter(action="person.change_password").count() == 1


@pytest.mark.parametrize("page", ["", "two-factor/", "two-factor/passkeys/", "two-factor/passkeys/add/", "password/", "sessions/"])
def test_each_page_of_the_account_opens(page: str, client: Client) -> None:
    answer = client.get(f"/account/{page}")
    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode()


def test_the_second_factor_of_another_is_nobody_elses(client: Client, alice: User) -> None:
    theirs = Authenticator.objects.create(user=alice, type=Authenticator.Type.WEBAUTHN, data={"name": "hers"})
    for act in ("remove", "rename"):
        for answer in (client.get, client.post):
            assert answer(f"/account/two-factor/passkeys/{theirs.pk}/{act}/").status_code == 404
    assert Authenticator.objects.filter(pk=theirs.pk).exists()
