"""Signing in: too many tries are refused, whatever the password."""

from __future__ import annotations

import pytest
from django.test import Client

from controlplane.core.throttle import TRIES_OF_ACCOUNT
from tests.journeys.scene import PASSWORD, Scene


def attempt(password: str, *, name: str = "bob", address: str = "192.0.2.1") -> int:
    """The status of one try."""
    return Client(REMOTE_ADDR=address).post("/sign-in/", {"login": name, "password": password}).status_code


def exhaust(name: str = "bob") -> None:
    for _ in range(TRIES_OF_ACCOUNT):
        assert attempt("wrong", name=name) == 200


def test_the_right_password_signs_in(scene: Scene) -> None:
    assert attempt(PASSWORD) == 302


@pytest.mark.parametrize("name", ["bob", "BOB"])
def test_after_too_many_tries_even_the_right_password_is_refused(name: str, scene: Scene) -> None:
    exhaust(name)
    assert attempt(PASSWORD) == 429


def test_another_address_is_not_locked_out(scene: Scene) -> None:
    exhaust()
    assert attempt(PASSWORD, address="192.0.2.2") == 302


def test_another_account_is_not_locked_out(scene: Scene) -> None:
    exhaust()
    assert attempt(PASSWORD, name="alice") == 302


def test_a_success_forgets_the_tries(scene: Scene) -> None:
    for _ in range(3):
        for _ in range(TRIES_OF_ACCOUNT - 1):
            attempt("wrong")
        assert attempt(PASSWORD) == 302


def test_the_page_says_how_long_to_wait(scene: Scene) -> None:
    exhaust()
    page = Client(REMOTE_ADDR="192.0.2.1").post("/sign-in/", {"login": "bob", "password": PASSWORD}).content.decode()
    assert "Wait 15 minutes" in page


def test_signing_in_does_not_lead_elsewhere(scene: Scene) -> None:
    form = {"login": "bob", "password": PASSWORD, "next": "https://example.com/"}
    assert Client().post("/sign-in/", form)["Location"] == "/"
