"""Applications, environments and variables over the API."""

from __future__ import annotations

import pytest

from controlplane.core.models import AuditEntry, User
from tests.controlplane.api.conftest import Client
from tests.workloads.stage import Stage
from workloads.models import Change, Environment, Variable

pytestmark = pytest.mark.django_db
VARIABLES = "/api/v1/applications/shop/environments/production/variables"
SECRET = "correct-horse-battery"


def test_a_secret_goes_in_and_never_comes_out(production: Stage, alice: User, client_of: Client) -> None:
    client = client_of(alice)
    answer = client.put(f"{VARIABLES}/API_TOKEN", {"value": SECRET}, format="json")
    assert (answer.status_code, answer.json()["secret"], answer.json()["value"]) == (200, True, None)
    told = [answer, client.get(VARIABLES), client.get(VARIABLES.rpartition("/")[0]), client.get("/api/v1/applications/shop")]
    assert not any(SECRET in one.content.decode() for one in told)
    assert Variable.objects.get().value == SECRET
    assert SECRET not in str(list(AuditEntry.objects.values()))


def test_a_variable_that_is_no_secret_is_shown(production: Stage, alice: User, client_of: Client) -> None:
    client = client_of(alice)
    client.put(f"{VARIABLES}/GREETING", {"value": "  hello ", "secret": False}, format="json")
    assert [(row["name"], row["value"]) for row in client.get(VARIABLES).json()] == [("GREETING", "  hello ")]


def test_setting_a_variable_touches_nothing_that_runs(production: Stage, alice: User, client_of: Client) -> None:
    client_of(alice).put(f"{VARIABLES}/GREETING", {"value": "hello"}, format="json")
    assert production.driver.calls == []
    assert not Change.objects.exists()
    assert AuditEntry.objects.get(action="environment.set_variables").actor_kind == "token"


def test_a_variable_is_removed_and_removing_it_again_is_no_error(production: Stage, alice: User, client_of: Client) -> None:
    client = client_of(alice)
    client.put(f"{VARIABLES}/GREETING", {"value": "hello"}, format="json")
    assert [client.delete(f"{VARIABLES}/GREETING").status_code for _ in range(2)] == [204, 204]
    assert client.get(VARIABLES).json() == []


@pytest.mark.parametrize("body", [{}, {"value": 1, "odd": 2}, {"value": None}, {"value": "x" * 40_000}, {"value": "a\0b"}])
def test_a_value_that_is_none_is_refused(production: Stage, alice: User, client_of: Client, body: dict[str, object]) -> None:
    assert client_of(alice).put(f"{VARIABLES}/GREETING", body, format="json").status_code == 400
    assert not Variable.objects.exists()


def test_an_environment_is_added_once_with_its_key(production: Stage, admin: User, client_of: Client) -> None:
    client, body = client_of(admin), {"name": "staging", "tier": "staging"}
    address, headers = "/api/v1/applications/shop/environments", {"Idempotency-Key": "add-staging"}
    first, second = (client.post(address, body, format="json", headers=headers) for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert Environment.objects.filter(name="staging").count() == 1
    again = client.post(address, body, format="json")
    assert (again.status_code, again["Content-Type"]) == (409, "application/problem+json")


def test_two_releases_are_compared_by_their_numbers(production: Stage, alice: User, client_of: Client) -> None:
    hidden = {"KEY": {"value": "s3cret-value", "secret": True}}
    old, new = production.release("v1"), production.release("v2", configuration=hidden)
    answer = client_of(alice).get("/api/v1/applications/shop/compare", {"from": old.pk, "to": new.pk})
    found = answer.json()
    assert (answer.status_code, found["before"]["label"], found["after"]["label"], found["unknown"]) == (200, "v1", "v2", "gone")
    assert [(row["name"], row["change"]) for row in found["variables"]] == [("GREETING", "removed"), ("KEY", "added")]
    assert "s3cret-value" not in answer.content.decode()


def test_a_comparison_needs_two_numbers(production: Stage, alice: User, client_of: Client) -> None:
    answer = client_of(alice).get("/api/v1/applications/shop/compare", {"from": "x"})
    assert (answer.status_code, sorted(answer.json()["errors"])) == (400, ["from", "to"])
