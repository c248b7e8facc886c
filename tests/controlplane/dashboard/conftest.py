"""The scene of the journeys, seen through Django's test client."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client

from tests.journeys.scene import Scene, fill

SignIn = Callable[[str], Client]


@pytest.fixture
def scene(db: None) -> Scene:
    """Three applications, five environments, runs in every state."""
    return fill()


@pytest.fixture
def as_(scene: Scene) -> SignIn:
    """A client signed in as one of the cast."""

    def client_of(name: str) -> Client:
        client = Client()
        client.force_login(scene.people[name])
        return client

    return client_of


@pytest.fixture(autouse=True)
def forget_tries(db: None) -> None:
    """Each test begins with nobody throttled."""
    cache.clear()
