"""The scene of the journeys, seen through Django's test client."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from tests.journeys.scene import Scene, fill

SignIn = Callable[[str], Client]


@pytest.fixture(scope="module")
def filled(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    """The scene, written once for the tests of a module; the writes of each test are taken back by its own savepoint."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield fill()
        transaction.set_rollback(True)


@pytest.fixture
def scene(filled: Scene, db: None) -> Scene:
    """Three applications, five environments, runs in every state."""
    return filled


@pytest.fixture
def as_(scene: Scene) -> SignIn:
    """A client signed in as one of the cast."""

    def client_of(name: str) -> Client:
        client = Client()
        client.force_login(scene.people[name])
        return client

    return client_of


@pytest.fixture(autouse=True)
def forget_tries() -> None:
    """Each test begins with nobody throttled."""
    cache.clear()
