"""What happens is told where it happens: each kind once, in plain words, with a link that leads there."""

from __future__ import annotations

import pytest
from django.urls import reverse

from agents import runs
from agents.models import Run
from controlplane.core.actors import Actor
from controlplane.core.models import User
from tests.workloads.stage import SYSTEM, Stage, decide, long_ago
from workloads import changes, findings, holds, incidents
from workloads.evidence import Fact
from workloads.models import Announcement
from workloads.notices.announcing import PAGES, page_of

pytestmark = pytest.mark.django_db


def told() -> list[tuple[str, str]]:
    return list(Announcement.objects.order_by("pk").values_list("kind", "subject"))


def test_a_change_is_told_when_it_waits_is_decided_and_is_applied(production: Stage, alice: User, bob: User) -> None:
    change = production.propose(production.release("v1"), by=alice)
    decide(change, bob, reason="I read it.")
    production.apply(change)
    subject = f"change-{change.pk}"
    assert told() == [("change_waiting", subject), ("change_decided", subject), ("change_applied", subject)]
    waits, decided, applied = Announcement.objects.order_by("pk")
    assert waits.title == "Waits for approval: Roll out v1"
    assert "Asked for by alice." in waits.text
    assert decided.title == "Approved: Roll out v1"
    assert decided.text == "By bob. I read it."
    assert applied.title == "Applied: Roll out v1"
    assert {row.link for row in (waits, decided, applied)} == {reverse("change", args=[change.pk])}


def test_a_change_that_others_must_join_is_not_decided_yet(production: Stage, alice: User, bob: User) -> None:
    change = production.propose(production.release("v1"), by=alice, judged={"quorum": 2})
    decide(change, bob)
    assert [kind for kind, _ in told()] == ["change_waiting"]


def test_a_rejected_and_an_expired_change_are_told(production: Stage, alice: User, bob: User) -> None:
    rejected = production.propose(production.release("v1"), by=alice)
    decide(rejected, bob, "reject", reason="Not today.")
    expired = production.propose(production.release("v2"), by=alice)
    long_ago(expired)
    changes.expire_due()
    assert [kind for kind, _ in told()] == ["change_waiting", "change_decided", "change_waiting", "change_expired"]


def test_a_change_that_fails_is_critical(production: Stage, alice: User, bob: User) -> None:
    production.driver.fail["switch"] = "error"
    change = production.propose(production.release("v1"), by=alice)
    decide(change, bob)
    production.apply(change)
    row = Announcement.objects.get(kind="change_failed")
    assert (row.severity, row.text) == ("critical", "The disk is full.")


def test_what_policy_approves_by_itself_waits_for_nobody(local: Stage) -> None:
    change = local.propose(local.release("v1"))
    local.apply(change)
    assert [kind for kind, _ in told()] == ["change_applied"]


def test_a_hold_and_an_incident_are_told_once(production: Stage, alice: User) -> None:
    deployment = production.live(production.release("v1"))
    Announcement.objects.all().delete()
    for _ in range(2):
        holds.hold(SYSTEM, production.environment, "Rolled back by itself.")
        incident = incidents.open_for(deployment, "It was slow.", {})
    incidents.resolve(Actor.person(alice), incident, "An index was missing.")
    place, subject = f"environment-{production.environment.pk}", f"incident-{incident.pk}"
    assert told() == [("automation_held", place), ("incident_opened", subject), ("incident_resolved", subject)]


def test_a_critical_finding_is_told_when_it_is_new_for_the_first_time(production: Stage) -> None:
    application = production.environment.application
    known = Fact("pip-audit", "P1", "critical", "pillow is vulnerable.", "uv.lock", None, "", "")
    new = Fact("pip-audit", "P2", "critical", "django is vulnerable.", "uv.lock", None, "", "")
    mild = Fact("ruff", "E1", "low", "A line is long.", "a.py", 1, "x", "")
    findings.record(application, 1, "a" * 40, [known], None)
    for run in (2, 3):
        findings.record(application, run, "b" * 40, [known, new, mild], "a" * 40)
    row = Announcement.objects.get()
    assert (row.kind, row.title, row.text) == ("finding_critical", "New critical finding in shop", "django is vulnerable.")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("succeeded", "run_succeeded"),
        ("failed", "run_failed"),
        ("stopped", "run_stopped"),
        ("refused", "run_stopped"),
        ("rolled_back", "run_rolled_back"),
        ("cancelled", None),
    ],
)
def test_the_end_of_a_run_is_told(production: Stage, status: str, kind: str | None) -> None:
    run = runs.start(SYSTEM, production.environment, "deploy", {"ref": "v1"}, idempotency_key="k")
    lease = runs.claim(run.pk, "w")
    assert lease is not None
    runs.finish(lease, status, {"summary": "So it went.", "cure": "Do that."})
    assert told() == ([(kind, f"run-{run.pk}")] if kind else [])
    if kind:
        assert Announcement.objects.get().text == "So it went. Do that."


def test_a_stuck_run_is_told(production: Stage) -> None:
    run = runs.start(SYSTEM, production.environment, "deploy", {"ref": "v1"}, idempotency_key="k")
    Run.objects.filter(pk=run.pk).update(claims=runs.MAX_CLAIMS)
    assert runs.claim(run.pk, "w") is None
    assert told() == [("run_stuck", f"run-{run.pk}")]


def test_the_pages_of_subjects_are_those_of_the_dashboard() -> None:
    assert {what: page_of(f"{what}-7") for what in PAGES} == {what: reverse(what, args=[7]) for what in PAGES}
    assert page_of("channel-3") == page_of("nonsense") == "/"
