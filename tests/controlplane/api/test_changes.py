"""Changes through the API: the exact bytes, and decisions on them."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from rest_framework.test import APIClient

from controlplane.core.models import User
from controlplane.core.permissions import Verb
from tests.controlplane.api.conftest import Client
from tests.workloads.stage import Stage, long_ago
from workloads.models import Approval, Change

pytestmark = pytest.mark.django_db


def _decide(client: APIClient, change: Change, decision: str = "approve", **changed: Any) -> Any:
    given = {"shown_sha256": change.preview_sha256, "reason": "I read the diff.", **changed}
    key = given.pop("key", None)
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"/api/v1/changes/{change.pk}/{decision}", given, format="json", headers=headers)


def test_the_diff_is_exactly_the_bytes_that_are_decided_on(change: Change, bob: User, client_of: Client) -> None:
    answer = client_of(bob).get(f"/api/v1/changes/{change.pk}/diff")
    assert answer.content == bytes(change.preview)
    assert answer["ETag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'


def test_a_change_is_shown_with_its_preview_and_who_may_decide(change: Change, bob: User, alice: User, client_of: Client) -> None:
    seen = client_of(bob).get(f"/api/v1/changes/{change.pk}").json()
    assert seen["preview"]["actions"][0]["to"]["label"] == "v1"
    assert (seen["why_not"]["approve"], seen["deciders"], seen["missing"]) == ("", ["bob"], 1)
    asked = client_of(alice).get(f"/api/v1/changes/{change.pk}").json()
    assert "right to approve" in asked["why_not"]["approve"]


def test_an_approval_carries_hash_and_reason(change: Change, bob: User, client_of: Client) -> None:
    answer = _decide(client_of(bob), change)
    assert (answer.status_code, answer.json()["change"]["status"]) == (200, "approved")
    decision = Approval.objects.get()
    assert (decision.preview_sha256, decision.reason, decision.person) == (change.preview_sha256, "I read the diff.", bob)
    assert "token" in decision.decided_by


def test_a_rejection_ends_it(change: Change, bob: User, client_of: Client) -> None:
    assert _decide(client_of(bob), change, "reject").json()["change"]["status"] == "rejected"
    assert _decide(client_of(bob), change).status_code == 409


@pytest.mark.parametrize("missing", ["shown_sha256", "reason"])
@pytest.mark.parametrize("decision", ["approve", "reject", "override"])
def test_a_decision_without_hash_or_reason_is_none(
    change: Change, admin: User, client_of: Client, decision: str, missing: str
) -> None:
    given = {"shown_sha256": change.preview_sha256, "reason": "Good."}
    del given[missing]
    answer = client_of(admin).post(f"/api/v1/changes/{change.pk}/{decision}", given, format="json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [missing])
    assert not Approval.objects.exists()


def test_a_decision_on_other_bytes_is_refused_with_the_cure(change: Change, bob: User, client_of: Client) -> None:
    answer = _decide(client_of(bob), change, shown_sha256="0" * 64)
    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    assert "Reload" in answer.json()["cure"]
    assert answer.json()["reference"] == answer["X-Request-ID"]


def test_an_expired_change_is_decided_by_nobody(change: Change, bob: User, client_of: Client) -> None:
    long_ago(change)
    assert _decide(client_of(bob), change).status_code == 409
    assert Change.objects.get().status == "expired"


def test_a_token_without_the_verb_does_not_approve(change: Change, bob: User, client_of: Client) -> None:
    assert _decide(client_of(bob, Verb.VIEW), change).status_code == 403


def test_a_token_of_another_scope_does_not_even_see_it(change: Change, elsewhere: Stage, bob: User, client_of: Client) -> None:
    assert _decide(client_of(bob, scope=f"application/{elsewhere.environment.application_id}"), change).status_code == 404


def test_an_override_is_for_those_who_may(change: Change, bob: User, admin: User, client_of: Client) -> None:
    assert _decide(client_of(bob), change, "override").status_code == 403
    assert _decide(client_of(admin), change, "override").json()["decisions"][0]["decision"] == "override"


def test_a_decision_sent_twice_with_its_key_is_answered_alike(change: Change, bob: User, client_of: Client) -> None:
    first, second = (_decide(client_of(bob), change, key="k") for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert Approval.objects.count() == 1


def test_the_inbox_is_a_list_of_what_waits(change: Change, production: Stage, bob: User, client_of: Client) -> None:
    _decide(client_of(bob), change)
    waiting = production.propose(production.release("v2"))
    rows = client_of(bob).get("/api/v1/changes", {"status": "waiting"}).json()["results"]
    assert [row["id"] for row in rows] == [waiting.pk]


def test_what_was_not_begun_can_be_withdrawn(change: Change, alice: User, bob: User, client_of: Client) -> None:
    given = {"reason": "Not today."}
    assert client_of(bob).post(f"/api/v1/changes/{change.pk}/withdraw", given, format="json").status_code == 403
    answer = client_of(alice).post(f"/api/v1/changes/{change.pk}/withdraw", given, format="json")
    assert answer.json()["change"]["status"] == "cancelled"
