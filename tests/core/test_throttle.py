"""Only wrong answers use up the tries of an address: an office behind one address signs in all morning."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from pytest_django import Settings

from controlplane.core.throttle import TRIES_OF_ACCOUNT, TRIES_OF_ADDRESS, Attempt

OFFICE = "192.0.2.77"


@pytest.fixture(autouse=True)
def forget_tries() -> None:
    """Each test begins with nobody throttled."""
    cache.clear()


def tried(account: str, *, right: bool) -> int:
    """The seconds to wait after one try."""
    attempt = Attempt("sign-in", account, OFFICE)
    wait = attempt.wait()
    if right and not wait:
        attempt.succeeded()
    return wait


def test_right_answers_use_up_nothing_of_the_address() -> None:
    assert {tried(f"right-{n}", right=True) for n in range(2 * TRIES_OF_ADDRESS)} == {0}


def test_wrong_answers_for_many_accounts_use_up_the_address_and_right_ones_between_do_not_help() -> None:
    for n in range(TRIES_OF_ADDRESS):
        assert tried(f"wrong-{n}", right=False) == 0
        assert n == TRIES_OF_ADDRESS - 1 or tried("mine", right=True) == 0
    assert tried("another", right=False) > 0


def test_wrong_answers_for_one_account_use_up_the_account() -> None:
    waits = [tried("one", right=False) for _ in range(TRIES_OF_ACCOUNT + 1)]
    assert (max(waits[:-1]), waits[-1] > 0) == (0, True)


def test_while_the_shared_cache_is_away_nobody_guesses_unlimited(settings: Settings) -> None:
    away = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {**settings.CACHES, "default": away}
    waits = [tried("one", right=False) for _ in range(TRIES_OF_ACCOUNT + 1)]
    assert (max(waits[:-1]), waits[-1] > 0) == (0, True)
    assert {tried("two", right=True) for _ in range(2 * TRIES_OF_ACCOUNT)} == {0}
