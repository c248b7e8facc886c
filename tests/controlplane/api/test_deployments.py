"""Asking for deployments and rollbacks, with idempotency keys."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from rest_framework.test import APIClient

from agents.models import Run
from controlplane.core.models import AuditEntry, IdempotentAnswer, User
from tests.controlplane.api.conftest import Client
from tests.workloads.stage import Stage

pytestmark = pytest.mark.django_db
DEPLOY = {"application": "shop", "environment": "production", "ref": "v2"}


def _deploy(client: APIClient, key: str = "k1", **changed: Any) -> Any:
    return client.post("/api/v1/deployments", {**DEPLOY, **changed}, format="json", headers={"Idempotency-Key": key})


def test_a_deployment_becomes_a_run_that_can_be_followed(production: Stage, alice: User, client_of: Client) -> None:
    client = client_of(alice)
    answer = _deploy(client)
    assert (answer.status_code, answer["Location"]) == (202, answer.data["url"])
    shown = client.get(answer["Location"]).data["run"]
    assert (shown["workflow"], shown["input"], shown["status"]) == ("deploy", {"ref": "v2"}, "queued")
    assert "token" in shown["requested_by"]
    assert AuditEntry.objects.filter(action="run.start", actor_kind="token").count() == 1


def test_a_release_may_be_named_instead_of_a_ref(production: Stage, alice: User, client_of: Client) -> None:
    release, client = production.release("v12"), client_of(alice)
    named = {**DEPLOY, "release": release.pk}
    answer = client.post("/api/v1/deployments", named, format="json", headers={"Idempotency-Key": "both"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["ref"])
    del named["ref"]
    answer = client.post("/api/v1/deployments", named, format="json", headers={"Idempotency-Key": "one"})
    assert answer.status_code == 202
    assert Run.objects.get().input == {"ref": release.commit, "named": "v12", "release": release.pk}
    answer = client.post("/api/v1/deployments", named | {"release": 999_999}, format="json", headers={"Idempotency-Key": "none"})
    assert answer.status_code == 404


def test_the_same_request_with_the_same_key_is_done_once_and_answered_alike(
    production: Stage, alice: User, client_of: Client
) -> None:
    first, second = _deploy(client_of(alice)), _deploy(client_of(alice))
    assert (first.status_code, first.json(), first["Location"]) == (second.status_code, second.json(), second["Location"])
    assert second["Idempotent-Replayed"] == "true"
    assert Run.objects.count() == 1


def test_another_request_with_the_same_key_is_refused(production: Stage, alice: User, client_of: Client) -> None:
    _deploy(client_of(alice))
    answer = _deploy(client_of(alice), ref="v3")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Run.objects.count() == 1


def test_two_people_may_use_the_same_key(production: Stage, alice: User, admin: User, client_of: Client) -> None:
    first, second = _deploy(client_of(alice)), _deploy(client_of(admin))
    assert first.json()["id"] != second.json()["id"]


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_deployment_needs_a_key(production: Stage, alice: User, client_of: Client, key: str) -> None:
    answer = _deploy(client_of(alice), key=key)
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["title"]


def test_a_request_that_failed_may_be_mended_under_its_key(production: Stage, alice: User, client_of: Client) -> None:
    assert _deploy(client_of(alice), environment="nowhere").status_code == 404
    assert _deploy(client_of(alice)).status_code == 202


def test_whoever_was_killed_while_answering_is_asked_again_and_begins_nothing_twice(
    production: Stage, alice: User, client_of: Client
) -> None:
    first = _deploy(client_of(alice))
    row = IdempotentAnswer.objects.get()
    IdempotentAnswer.objects.update(status_code=None, body=None)
    assert _deploy(client_of(alice)).status_code == 409
    IdempotentAnswer.objects.update(created_at=row.created_at - timedelta(minutes=1))
    assert _deploy(client_of(alice)).json()["id"] == first.json()["id"]
    assert Run.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_request_many_times_at_once_starts_one_run(production: Stage, alice: User, client_of: Client) -> None:
    client = client_of(alice)

    def ask(_: int) -> int:
        try:
            return int(_deploy(client).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(ask, range(24)))
    assert answers <= {202, 409}
    assert Run.objects.count() == 1


def test_a_rollback_becomes_a_run(production: Stage, alice: User, client_of: Client) -> None:
    asked = {"application": "shop", "environment": "production", "reason": "It is slow."}
    answer = client_of(alice).post("/api/v1/rollbacks", asked, format="json", headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["workflow"], answer.json()["input"]) == (202, "rollback", {"reason": "It is slow."})


@pytest.mark.parametrize(
    ("changed", "field"), [({"ref": ""}, "ref"), ({"reff": "v2"}, "reff"), ({"application": ["shop"]}, "application")]
)
def test_what_is_wrong_with_a_request_is_named(
    production: Stage, alice: User, client_of: Client, changed: dict[str, Any], field: str
) -> None:
    answer = _deploy(client_of(alice), **changed)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert answer["Content-Type"] == "application/problem+json"


def test_the_history_is_shown_newest_first_and_by_environment(
    production: Stage, elsewhere: Stage, alice: User, client_of: Client
) -> None:
    production.live(production.release("v1"))
    elsewhere.live(elsewhere.release("v1"))
    newest = production.live(production.release("v2"))
    client = client_of(alice)
    assert client.get("/api/v1/deployments").json()["results"][0]["id"] == newest.pk
    rows = client.get("/api/v1/deployments", {"application": "shop"}).json()["results"]
    assert [row["release"]["label"] for row in rows] == ["v2", "v1"]
    shown = client.get(f"/api/v1/deployments/{newest.pk}").json()
    assert (shown["status"], shown["verdict"]) == ("live", "passed")


def test_pages_follow_a_cursor(production: Stage, alice: User, client_of: Client) -> None:
    client = client_of(alice)
    for number in range(5):
        _deploy(client, key=str(number))
    page = client.get("/api/v1/runs", {"limit": 2}).json()
    seen = [row["id"] for row in page["results"]]
    while page["next"]:
        page = client.get(page["next"]).json()
        seen += [row["id"] for row in page["results"]]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 5
