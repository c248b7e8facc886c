"""Findings, incidents, releases and the audit over the API."""

from __future__ import annotations

import pytest
from django.utils import timezone

from controlplane.core.models import AuditEntry, User
from tests.controlplane.api.conftest import Client
from tests.workloads.stage import Stage
from workloads import findings, incidents
from workloads.evidence import Fact
from workloads.models import Finding, Incident

pytestmark = pytest.mark.django_db
EVAL = Fact("bandit", "B307", "medium", "Use of eval.", "shop/views.py", 10, "eval(request.body)")
NAME = Fact("ruff", "F821", "high", "Undefined name `x`", "shop/views.py", 20, "return x")


@pytest.fixture
def found(production: Stage) -> None:
    findings.record(production.environment.application, 7, "c1", [EVAL, NAME], None)


def test_findings_are_chosen_by_tool_severity_run_and_state(found: None, bob: User, client_of: Client) -> None:
    client = client_of(bob)

    def rules(**query: str | int) -> list[str]:
        return [row["rule"] for row in client.get("/api/v1/findings", query).json()["results"]]

    assert set(rules()) == {"B307", "F821"}
    assert rules(tool="ruff") == ["F821"]
    assert rules(severity="medium") == ["B307"]
    assert set(rules(run=7)) == {"B307", "F821"}
    assert rules(run=8) == []
    bandits = Finding.objects.get(tool="bandit")
    client.post(f"/api/v1/findings/{bandits.pk}/suppress", {"reason": "Only our own formulas."}, format="json")
    assert rules(state="suppressed") == ["B307"]
    assert rules(state="counting") == ["F821"]


def test_a_suppression_needs_a_later_end(found: None, bob: User, client_of: Client) -> None:
    number = Finding.objects.get(tool="ruff").pk
    body = {"reason": "Later.", "until": timezone.now().isoformat()}
    answer = client_of(bob).post(f"/api/v1/findings/{number}/suppress", body, format="json")
    assert (answer.status_code, "later time" in answer.json()["cure"]) == (400, True)


def test_an_incident_is_resolved_with_its_reason_once(production: Stage, alice: User, client_of: Client) -> None:
    incident = incidents.open_for(production.live(production.release("v1")), "It was slow.", {})
    client, address = client_of(alice), f"/api/v1/incidents/{incident.pk}"
    assert client.get(address).json()["status"] == "open"
    given, headers = {"reason": "An index was missing."}, {"Idempotency-Key": "resolve"}
    first, second = (client.post(f"{address}/resolve", given, format="json", headers=headers) for _ in range(2))
    assert (first.status_code, first.json()) == (200, second.json())
    assert client.post(f"{address}/resolve", given, format="json").status_code == 409
    assert (Incident.objects.get().status, AuditEntry.objects.filter(action="incident.resolve").count()) == ("resolved", 1)


def test_a_release_is_shown_without_its_configuration(production: Stage, alice: User, client_of: Client) -> None:
    release = production.release("v1")
    shown = client_of(alice).get(f"/api/v1/releases/{release.pk}").json()
    assert (shown["application"], shown["label"], shown["commit"]) == ("shop", "v1", release.commit)
    assert "configuration" not in shown


def test_the_audit_goes_on_after_a_number(found: None, bob: User, client_of: Client) -> None:
    client = client_of(bob)
    number = Finding.objects.get(tool="ruff").pk
    last = AuditEntry.objects.count()
    client.post(f"/api/v1/findings/{number}/suppress", {"reason": "Known."}, format="json")
    rows = client.get(f"/api/v1/audit?after={last}&action=finding.suppress").json()["results"]
    assert [(row["actor"], row["reason"]) for row in rows] == [("bob (token token 0)", "Known.")]
    assert len(rows[0]["hash"]) == 64
