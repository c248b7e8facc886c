"""Reads: rights inside the query, a constant number of queries, no data told apart from zero."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.core.errors import NotFound
from controlplane.core.models import RoleBinding, User
from controlplane.core.permissions import Role
from tests.workloads.stage import SYSTEM, Stage, decide, stage
from workloads import incidents, queries
from workloads.models import Application, Environment, Finding, Instance, Sample, Sighting, Variable
from workloads.verdicts import Verdict

pytestmark = pytest.mark.django_db


@pytest.fixture
def carols(carol: User) -> Stage:
    """`bank/production`, the only thing that Carol may see."""
    bank = stage("production", application="bank")
    RoleBinding.objects.create(user=carol, role=Role.APPROVER, scope=f"environment/{bank.environment.pk}")
    return bank


def _queries(read: Callable[[], Any]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        read()
    return len(captured)


def test_each_sees_what_is_theirs(production: Stage, carols: Stage, carol: User, alice: User, mallory: User) -> None:
    for place in (production, carols):
        place.live(place.release("v1"))
        place.propose(place.release("v2"))
        incidents.open_for(place.live(place.release("v3")), "Slow", {})
    seen = Actor.person(carol)
    for read in (
        queries.environments_for,
        queries.applications_for,
        queries.deployments_for,
        queries.incidents_for,
        queries.changes_for,
    ):
        everything, hers = list(read(Actor.person(alice))), list(read(seen))
        assert 0 < len(hers) < len(everything), read
        assert all("bank" in str(getattr(row, "environment", row)) for row in hers)
        assert list(read(Actor.person(mallory))) == []


def test_what_may_not_be_seen_is_not_found(production: Stage, carols: Stage, carol: User) -> None:
    change, actor = production.propose(production.release("v1")), Actor.person(carol)
    reads: list[Callable[[], object]] = [
        lambda: queries.application_for(actor, "shop"),
        lambda: queries.environment_for(actor, "shop", "production"),
        lambda: queries.environment_detail(actor, "shop", "production"),
        lambda: queries.change_for(actor, change.pk),
    ]
    for read in reads:
        with pytest.raises(NotFound):
            read()


def test_the_overview_is_a_matrix(production: Stage, alice: User) -> None:
    production.live(production.release("v1"))
    local = Environment.objects.create(application=production.environment.application, name="local")
    production.propose(production.release("v2"))
    (row,) = queries.overview(Actor.person(alice))
    empty, full = row.cells
    assert (empty.environment, empty.current, empty.verdict, empty.waiting) == (local, None, Verdict.NO_DATA, 0)
    assert full.current is not None
    assert (full.current.release.label, full.verdict, full.waiting, full.incidents) == ("v1", Verdict.PASSED, 1, 0)


def test_an_application_without_environments_is_a_row_without_cells(alice: User) -> None:
    Application.objects.create(name="new", repository="/nowhere")
    (row,) = queries.overview(Actor.person(alice))
    assert (row.application.name, row.cells) == ("new", ())


def test_health_is_told_by_the_minute_and_a_gap_is_a_gap(production: Stage, alice: User) -> None:
    deployment = production.live(production.release("v1"))
    instance = Instance.objects.get(release=deployment.release)
    now = timezone.now().replace(second=30, microsecond=0)
    _sample(instance, now, requests=50, errors=1, latency_p99_ms=20.0)
    _sample(instance, now - timedelta(seconds=5), requests=10, errors=0, latency_p99_ms=80.0)
    _sample(instance, now - timedelta(minutes=3))
    _sample(instance, now - timedelta(hours=2), requests=999, errors=999)
    cell = queries.overview(Actor.person(alice), now)[0].cells[0]
    assert [(point.requests, point.errors, point.latency_p99_ms) for point in cell.health] == [(None, None, None), (60, 1, 80.0)]


def test_the_overview_asks_as_often_for_twenty_as_for_two(alice: User) -> None:
    actor = Actor.person(alice)
    for number in range(2):
        _inhabited(f"app{number}")
    few = _queries(lambda: queries.overview(actor))
    for number in range(2, 20):
        _inhabited(f"app{number}")
    assert _queries(lambda: queries.overview(actor)) == few <= 12


def test_the_inbox_asks_as_often_for_twenty_as_for_two(alice: User, bob: User) -> None:
    actor = Actor.person(bob)
    places = [stage("production", application=f"app{number}") for number in range(20)]
    for place in places[:2]:
        place.propose(place.release("v1"), by=alice)
    few = _queries(lambda: queries.inbox_for(actor))
    for place in places[2:]:
        place.propose(place.release("v1"), by=alice)
    assert _queries(lambda: queries.inbox_for(actor)) == few <= 12
    assert len(queries.inbox_for(actor)) == 20


def test_the_inbox_says_first_what_i_may_decide_and_why_not_the_rest(
    production: Stage, alice: User, bob: User, admin: User
) -> None:
    own = production.propose(production.release("v1", commit_author="Bob <bob@example.org>"), by=alice)
    other = production.propose(production.release("v2"), by=alice, judged={"quorum": 2})
    done = production.propose(production.release("v3"), by=alice, judged={"quorum": 2})
    decide(done, bob)
    found = queries.inbox_for(Actor.person(bob))
    assert [(item.change, item.may_decide) for item in found] == [(other, True), (own, False), (done, False)]
    assert [item.why_not for item in found[1:]] == ["Nobody approves their own commit.", "You have decided it already."]
    assert (queries.inbox_count(Actor.person(bob)), queries.inbox_count(Actor.person(admin))) == (1, 3)


def test_a_change_is_shown_with_who_decided_and_who_may(production: Stage, alice: User, bob: User, admin: User) -> None:
    change = production.propose(production.release("v1"), by=alice, judged={"quorum": 2})
    decide(change, bob)
    shown = queries.change_for(Actor.person(admin), change.pk)
    assert shown.preview["actions"][0]["to"]["label"] == "v1"
    assert [taken.person for taken in shown.decisions] == [bob]
    assert (shown.missing, shown.deciders, shown.why_not["approve"]) == (1, (admin, bob), "")
    assert shown.deployment is not None
    decide(change, admin)
    assert "approved" in queries.change_for(Actor.person(admin), change.pk).why_not["approve"]


def test_secret_variables_come_by_name_only(production: Stage, alice: User) -> None:
    Variable.objects.create(environment=production.environment, name="API_KEY", value="s3cr3t")
    Variable.objects.create(environment=production.environment, name="DEBUG", value="0", secret=False)
    shown = queries.environment_detail(Actor.person(alice), "shop", "production")
    assert [(row["name"], row["value"]) for row in shown.variables] == [("API_KEY", None), ("DEBUG", "0")]
    assert shown.may == {"view", "run", "roll_back"}
    assert not shown.rollback.possible


def test_the_findings_of_a_run_are_those_seen_in_it(production: Stage, alice: User) -> None:
    for number, new in ((1, False), (2, True)):
        finding = _finding(production.environment.application, f"S10{number}")
        Sighting.objects.create(finding=finding, commit="a" * 40, run_number=7, new=new)
        Sighting.objects.create(finding=finding, commit="b" * 40, run_number=6, new=True)
    found = queries.findings_for(Actor.person(alice), run_number=7)
    assert [row.rule for row in found] == ["S102", "S101"]
    assert list(queries.findings_for(Actor.person(alice), run_number=8)) == []


def _inhabited(name: str) -> None:
    place = stage("production", application=name)
    deployment = place.live(place.release("v1"))
    place.propose(place.release("v2"))
    incidents.open_for(deployment, "Slow", {}, actor=SYSTEM)
    _sample(Instance.objects.get(release=deployment.release), timezone.now(), requests=1, errors=0)


def _sample(instance: Instance, at: datetime, **values: Any) -> None:
    Sample.objects.create(instance=instance, at=at, process="web", **values)


def _finding(application: Application, rule: str) -> Finding:
    now = timezone.now()
    return Finding.objects.create(
        application=application, tool="ruff", rule=rule, severity="low", fingerprint=rule, first_seen_at=now, last_seen_at=now
    )
