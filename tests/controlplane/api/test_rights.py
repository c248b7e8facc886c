"""Who may do what through the API: every operation, every role; and what is not theirs does not exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.urls import URLPattern
from rest_framework.test import APIClient

from agents.models import Run
from controlplane.api import urls
from controlplane.core import tokens
from controlplane.core.actors import Actor
from controlplane.core.models import RoleBinding, User
from controlplane.core.permissions import Role, Verb
from tests.controlplane.api.conftest import Client
from tests.workloads.stage import SYSTEM, Stage
from workloads import holds, incidents, reporting
from workloads.models import Change, Deployment, Finding

pytestmark = pytest.mark.django_db
KEY = {"Idempotency-Key": "k"}
HERE = "/api/v1/applications/shop/environments/production"
NOBODY, VIEWER, OPERATOR, APPROVER, ADMINISTRATOR = "nobody", *Role.values
READS = {NOBODY: 404, VIEWER: 200, OPERATOR: 200, APPROVER: 200, ADMINISTRATOR: 200}
LISTS = dict.fromkeys(READS, 200)
DECIDES = {NOBODY: 404, VIEWER: 403, OPERATOR: 403, APPROVER: 200, ADMINISTRATOR: 200}
RUNS = {NOBODY: 404, VIEWER: 403, OPERATOR: 202, APPROVER: 403, ADMINISTRATOR: 202}
SENDS = {**RUNS, OPERATOR: 201, ADMINISTRATOR: 201}
NO_ONE = {NOBODY: 404, VIEWER: 403, OPERATOR: 403, APPROVER: 403, ADMINISTRATOR: 403}
EVERYTHING = {**LISTS, NOBODY: 403}  # for whoever may see everything
MATRIX: dict[str, tuple[str, str, dict[str, int]]] = {
    "me": ("get", "/api/v1/me", LISTS),
    "tokens": ("get", "/api/v1/tokens", LISTS),
    "applications": ("get", "/api/v1/applications", LISTS),
    "application": ("get", "/api/v1/applications/shop", READS),
    "environment": ("get", HERE, READS),
    "hold": ("post", f"{HERE}/release-hold", {**READS, VIEWER: 403, OPERATOR: 403, APPROVER: 403}),
    "metrics": ("get", "/api/v1/metrics", EVERYTHING),
    "audit": ("get", "/api/v1/audit", EVERYTHING),
    "environments": ("get", "/api/v1/environments", LISTS),
    "add-environment": ("post", "/api/v1/applications/shop/environments", {**NO_ONE, ADMINISTRATOR: 201}),
    "variables": ("get", f"{HERE}/variables", READS),
    "variable": ("put", f"{HERE}/variables/GREETING", {**RUNS, OPERATOR: 200, ADMINISTRATOR: 200}),
    "report-in": ("post", f"/api/v1/applications/shop/reports?format=generic&commit={'a' * 40}", SENDS),
    "reports": ("get", "/api/v1/reports", LISTS),
    "report": ("get", "/api/v1/reports/{report}", READS),
    "releases": ("get", "/api/v1/releases", LISTS),
    "release": ("get", "/api/v1/releases/{release}", READS),
    "finding": ("get", "/api/v1/findings/{finding}", READS),
    "suppress": ("post", "/api/v1/findings/{finding}/suppress", {**DECIDES, OPERATOR: 403}),
    "incident": ("get", "/api/v1/incidents/{incident}", READS),
    "resolve": ("post", "/api/v1/incidents/{incident}/resolve", {**RUNS, OPERATOR: 200, ADMINISTRATOR: 200}),
    "deployments": ("get", "/api/v1/deployments", LISTS),
    "deployments+": ("post", "/api/v1/deployments", RUNS),
    "deployment": ("get", "/api/v1/deployments/{deployment}", READS),
    "rollbacks": ("post", "/api/v1/rollbacks", {**RUNS, APPROVER: 202}),
    "runs": ("get", "/api/v1/runs", LISTS),
    "run": ("get", "/api/v1/runs/{run}", READS),
    "events": ("get", "/api/v1/runs/{run}/events", READS),
    "cancel": ("post", "/api/v1/runs/{run}/cancel", RUNS),
    "retry": ("post", "/api/v1/runs/{failed}/retry", RUNS),
    "changes": ("get", "/api/v1/changes", LISTS),
    "change": ("get", "/api/v1/changes/{change}", READS),
    "diff": ("get", "/api/v1/changes/{change}/diff", READS),
    "approve": ("post", "/api/v1/changes/{change}/approve", DECIDES),
    "reject": ("post", "/api/v1/changes/{change}/reject", DECIDES),
    "override": ("post", "/api/v1/changes/{change}/override", {**DECIDES, APPROVER: 403}),
    "withdraw": ("post", "/api/v1/changes/{change}/withdraw", {**RUNS, OPERATOR: 200, ADMINISTRATOR: 200}),
    "findings": ("get", "/api/v1/findings", LISTS),
    "incidents": ("get", "/api/v1/incidents", LISTS),
}
UNTESTED = {"schema", "reference", "health", "ready", "token"}  # open to all; only one's own, tested in test_people


@pytest.fixture
def somebody(db: None) -> Callable[[str], User]:
    """A person with this role on the application."""

    def make(role: str, scope: str = "*") -> User:
        person = User.objects.create_user(f"some-{role}", f"{role}@example.org")
        if role != NOBODY:
            RoleBinding.objects.create(user=person, role=role, scope=scope)
        return person

    return make


@pytest.fixture
def numbers(production: Stage, run: Run, admin: User) -> dict[str, int]:
    """One of each thing."""
    deployment = production.live(production.release("v0"))
    incident = incidents.open_for(deployment, "It was slow.", {})
    application = production.environment.application
    facts = b'{"tool": "linter", "facts": [{"rule": "X1", "message": "Too long."}]}'
    report = reporting.receive(Actor.person(admin), application, reporting.Sent("generic", "a" * 40, facts))
    change = production.propose(production.release("v1"))
    failed = Run.objects.create(
        workflow="deploy", environment=production.environment, status="failed", requested_by_label="x", idempotency_key="failed"
    )
    holds.hold(SYSTEM, production.environment, "Rolled back by itself.")
    found = {"deployment": deployment, "change": change, "run": run, "failed": failed, "incident": incident, "report": report}
    found |= {"release": deployment.release, "finding": Finding.objects.get()}
    return {name: int(row.pk) for name, row in found.items()}


@pytest.mark.parametrize("role", [NOBODY, *Role.values])
def test_each_role_may_do_what_it_may_and_no_more(
    role: str, numbers: dict[str, int], somebody: Callable[[str], User], client_of: Client
) -> None:
    client = client_of(somebody(role))
    assert _answers(client, numbers) == {name: expected[role] for name, (_, _, expected) in MATRIX.items()}


def test_every_operation_is_in_the_matrix() -> None:
    named = {pattern.name for pattern in urls.urlpatterns if isinstance(pattern, URLPattern) and pattern.name}
    assert named == {name.rstrip("+") for name in MATRIX} | UNTESTED


def test_what_lies_in_another_application_does_not_exist(
    numbers: dict[str, int], elsewhere: Stage, somebody: Callable[..., User], client_of: Client
) -> None:
    foreign = somebody(ADMINISTRATOR, f"application/{elsewhere.environment.application_id}")
    assert _answers(client_of(foreign), numbers) == {name: expected[NOBODY] for name, (_, _, expected) in MATRIX.items()}


@pytest.mark.parametrize("name", ["applications", "deployments", "runs", "changes", "findings", "incidents"])
def test_lists_leave_out_what_may_not_be_seen(
    name: str, numbers: dict[str, int], elsewhere: Stage, somebody: Callable[..., User], client_of: Client
) -> None:
    foreign = somebody(VIEWER, f"environment/{elsewhere.environment.pk}")
    rows = client_of(foreign).get(MATRIX[name][1]).json()["results"]
    assert rows == [] or [row["name"] for row in rows] == ["bank"]


def test_without_a_token_nothing_is_told(numbers: dict[str, int]) -> None:
    assert set(_answers(APIClient(), numbers).values()) == {401}


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


def test_a_token_does_no_more_than_its_verbs(numbers: dict[str, int], admin: User, client_of: Client) -> None:
    answers = _answers(client_of(admin, Verb.VIEW), numbers)
    assert answers == {name: 200 if method == "get" else 403 for name, (method, _, _) in MATRIX.items()}


def test_a_token_outlives_no_right_of_its_person(numbers: dict[str, int], alice: User, client_of: Client) -> None:
    client = client_of(alice)
    assert client.get(HERE).status_code == 200
    RoleBinding.objects.filter(user=alice).delete()
    assert client.get(HERE).status_code == 404


def _answers(client: APIClient, numbers: dict[str, int]) -> dict[str, int]:
    """What each operation answers, each as if it were the first."""
    found = {}
    for name, (method, address, _) in MATRIX.items():
        before = transaction.savepoint()
        found[name] = _call(client, method, address, numbers)
        transaction.savepoint_rollback(before)
    return found


def _call(client: APIClient, method: str, address: str, numbers: dict[str, int]) -> int:
    change = Change.objects.filter(pk=numbers["change"]).first()
    bodies: dict[str, dict[str, Any]] = {
        "deployments": {"application": "shop", "environment": "production", "ref": "v1"},
        "rollbacks": {"application": "shop", "environment": "production", "reason": "Slow."},
        "approve": {"shown_sha256": change.preview_sha256 if change else "", "reason": "Good."},
    }
    bodies |= {"environments": {"name": "other", "tier": "local"}, "GREETING": {"value": "hello"}}
    bodies[f"reports?format=generic&commit={'a' * 40}"] = {"tool": "linter", "facts": []}
    body = bodies.get(address.rpartition("/")[2], {"reason": "Because."})
    if address.endswith(("reject", "override")):
        body = bodies["approve"]
    answer = (
        client.get(address.format(**numbers))
        if method == "get"
        else getattr(client, method)(address.format(**numbers), body, "json", headers=KEY)
    )
    assert Deployment.objects.exists()
    return int(answer.status_code)
