"""Clients of the API: people with tokens."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from agents import runs
from agents.models import Run
from controlplane.core import tokens
from controlplane.core.actors import Actor
from controlplane.core.models import User
from controlplane.core.permissions import Verb
from tests.workloads.stage import Stage, stage
from workloads.models import Change

Client = Callable[..., APIClient]


@pytest.fixture
def production(db: None) -> Stage:
    """`shop/production`."""
    return stage("production")


@pytest.fixture
def elsewhere(db: None) -> Stage:
    """`bank/production`, which not everybody may see."""
    return stage("production", application="bank")


@pytest.fixture
def client_of() -> Client:
    """A client with a token of this person: all verbs unless told."""

    def make(person: User, *verbs: Verb, scope: str = "*") -> APIClient:
        name = f"token {person.api_tokens.count()}"
        _, text = tokens.issue(Actor.system("test"), person, name, verbs or tuple(Verb), scope=scope)
        return APIClient(headers={"Authorization": f"Bearer {text}"})

    return make


@pytest.fixture
def run(production: Stage) -> Run:
    """A deployment that is asked for."""
    return runs.start(Actor.system("test"), production.environment, "deploy", {"ref": "v1"}, idempotency_key="run")


@pytest.fixture
def change(production: Stage, alice: User) -> Change:
    """A roll-out that waits; Alice asked for it."""
    return production.propose(production.release("v1"), by=alice)
