"""Tokens that are over, and rights that end under them. Who may call what is in the role matrix."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from controlplane.core import tokens
from controlplane.core.actors import Actor
from controlplane.core.models import RoleBinding, User
from controlplane.core.permissions import Verb
from tests.controlplane.api.conftest import Client
from tests.workloads.stage import Stage

pytestmark = pytest.mark.django_db
HERE = "/api/v1/applications/shop/environments/production"


@pytest.mark.parametrize("spoil", ["expires_at", "revoked_at", "is_active"])
def test_a_token_that_is_over_is_no_token(spoil: str, alice: User) -> None:
    token, text = tokens.issue(Actor.system("test"), alice, "ci", [Verb.VIEW])
    client = APIClient(headers={"Authorization": f"Bearer {text}"})
    assert client.get("/api/v1/me").status_code == 200
    if spoil == "is_active":
        User.objects.filter(pk=alice.pk).update(is_active=False)
    else:
        type(token).objects.filter(pk=token.pk).update(**{spoil: token.created_at})
    answer = client.get("/api/v1/me")
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert "Make a new one" in answer.json()["title"]


def test_a_token_outlives_no_right_of_its_person(production: Stage, alice: User, client_of: Client) -> None:
    client = client_of(alice)
    assert client.get(HERE).status_code == 200
    RoleBinding.objects.filter(user=alice).delete()
    assert client.get(HERE).status_code == 404
