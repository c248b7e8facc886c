"""The API describes itself without a warning, and answers every error as a problem."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from controlplane.core.models import User
from tests.controlplane.api.conftest import Client

pytestmark = pytest.mark.django_db


def test_the_schema_has_no_warnings() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def test_the_schema_is_served_to_anybody() -> None:
    answer = APIClient().get("/api/v1/schema/", HTTP_ACCEPT="application/json")
    assert answer.status_code == 200
    assert "/api/v1/deployments" in answer.content.decode()


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_address_that_is_none_is_a_problem(method: str, alice: User, client_of: Client) -> None:
    answer = getattr(client_of(alice), method)("/api/v1/nothing/here")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert "/api/v1/nothing/here" in answer.json()["title"]


def test_a_body_that_is_no_json_is_a_problem(alice: User, client_of: Client) -> None:
    answer = client_of(alice).post("/api/v1/deployments", "{", content_type="application/json")
    assert (answer.status_code, answer.json()["status"]) == (400, 400)


@pytest.mark.parametrize("body", ["[]", '"text"', "7", "null"])
def test_a_body_of_another_shape_is_a_problem(alice: User, client_of: Client, body: str) -> None:
    answer = client_of(alice).post("/api/v1/deployments", body, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_a_method_that_is_none_is_a_problem(alice: User, client_of: Client) -> None:
    answer = client_of(alice).delete("/api/v1/runs")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
