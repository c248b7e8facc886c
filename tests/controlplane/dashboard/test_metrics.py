"""Delivery figures: definitions held against rows made by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from agents.models import Run, Step
from controlplane.core.actors import Actor
from controlplane.core.models import RoleBinding, User
from controlplane.dashboard.places import Place
from controlplane.dashboard.reads import delivery, figures
from controlplane.dashboard.reads.delivery import Scope
from tests.workloads.stage import Stage, stage
from workloads.models import Deployment, Incident

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def scope(person: User, days: int = 30) -> Scope:
    return Scope(Actor.person(person), Place("", None, []), days, NOW)


def deployed(place: Stage, status: str, *, lead: float = 1, days: float = 1, kind: str = "roll_out") -> Deployment:
    """A deployment that ended so many days ago, `lead` hours after its commit was written."""
    ended = NOW - timedelta(days=days)
    release = place.release(f"v{Deployment.objects.count()}")
    type(release).objects.filter(pk=release.pk).update(authored_at=ended - timedelta(hours=lead))
    made = Deployment.objects.create(
        environment=place.environment, release=release, status=status, kind=kind, started_at=ended, finished_at=ended
    )
    Deployment.objects.filter(pk=made.pk).update(created_at=ended)
    return made


def ran(place: Stage, minutes: float, *, status: str = "succeeded", waited: float = 0) -> None:
    began = NOW - timedelta(days=1)
    run = Run.objects.create(
        workflow="deploy", environment=place.environment, requested_by_label="a", idempotency_key=str(Run.objects.count())
    )
    ended: dict[str, Any] = {"started_at": began, "finished_at": began + timedelta(minutes=minutes)}
    Run.objects.filter(pk=run.pk).update(status=status, created_at=began, **ended)
    if waited:
        Step.objects.create(
            run=run, node="approval", status="done", started_at=began, finished_at=began + timedelta(minutes=waited)
        )


def test_without_anything_there_is_no_data(alice: User) -> None:
    found = delivery.totals(scope(alice))
    assert (found.failure_rate, found.deployments["lead"], found.restored["p50"], found.runs["p95"]) == (None, None, None, None)
    chart = figures.data(figures.CHARTS["lead-time"], scope(alice))
    assert set(chart["series"][0]["values"]) == {None}
    assert len(chart["times"]) == 30


def test_lead_time_is_the_median_of_what_went_live(alice: User) -> None:
    shop = stage()
    for lead in (1, 2, 9):
        deployed(shop, "superseded", lead=lead)
    deployed(shop, "failed", lead=100)
    deployed(shop, "superseded", lead=100, kind="roll_back")
    deployed(shop, "superseded", lead=100, days=40)
    assert delivery.totals(scope(alice)).deployments["lead"] == timedelta(hours=2)


def test_a_roll_out_that_failed_was_rolled_back_or_caused_an_incident_went_wrong_once(alice: User) -> None:
    shop = stage()
    deployed(shop, "superseded")
    for status in ("failed", "rolled_back", "superseded"):
        one = deployed(shop, status)
    _incident(one, opened=NOW)
    deployed(shop, "cancelled")
    deployed(shop, "superseded", kind="roll_back")
    found = delivery.totals(scope(alice))
    assert (found.deployments["ended"], found.deployments["wrong"], found.failure_rate) == (4, 3, 0.75)
    assert found.a_day == 2 / 30


def test_restoring_counts_from_the_deployment_and_only_when_it_is_resolved(alice: User) -> None:
    shop = stage()
    _incident(deployed(shop, "failed", days=3), opened=NOW, resolved=NOW - timedelta(days=2))
    _incident(deployed(shop, "failed", days=2), opened=NOW)
    found = delivery.totals(scope(alice)).restored
    assert (found["count"], found["p50"]) == (1, timedelta(days=1))


def test_runs_that_were_cancelled_tell_nothing_and_waits_are_those_for_an_approval(alice: User) -> None:
    shop = stage()
    for minutes in (10, 20, 30):
        ran(shop, minutes, waited=minutes / 2)
    ran(shop, 999, status="cancelled")
    found = delivery.totals(scope(alice))
    assert (found.runs["count"], found.runs["p50"], found.waits["p50"]) == (3, timedelta(minutes=20), timedelta(minutes=10))
    assert found.runs["p95"] == timedelta(minutes=29)


def test_a_day_without_deployments_has_none_and_one_without_a_failure_rate_has_a_gap(alice: User) -> None:
    deployed(stage(), "superseded", days=1)
    counted = figures.data(figures.CHARTS["deployments"], scope(alice))
    assert counted["series"][0]["values"][-2:] == [1, 0]
    rate = figures.data(figures.CHARTS["failures"], scope(alice))
    assert rate["series"][0]["values"][-2:] == [0, None]


def test_what_may_not_be_seen_counts_for_nothing(carol: User) -> None:
    shop, other = stage(), stage(application="other")
    for place in (shop, other):
        deployed(place, "superseded")
        ran(place, 10, waited=5)
    RoleBinding.objects.create(user=carol, role="viewer", scope=f"environment/{shop.environment.pk}")
    found = delivery.totals(scope(carol))
    assert (found.deployments["live"], found.runs["count"], found.waits["count"]) == (1, 1, 1)


def test_the_page_and_its_charts_follow_the_period_and_the_environment(client: Client, alice: User) -> None:
    cache.clear()
    deployed(stage(), "superseded", days=40)
    client.force_login(alice)
    assert "no data" in client.get("/metrics/").content.decode()
    page = client.get("/metrics/?days=90&environment=shop").content.decode()
    assert 'data-source="/metrics/runs.json?days=90&amp;environment=shop"' in page
    assert "1 went live" in page
    assert len(client.get("/metrics/deployments.json?days=90").json()["times"]) == 90
    assert len(client.get("/metrics/deployments.json?days=12345").json()["times"]) == 30
    assert client.get("/metrics/nonsense.json").status_code == 404


def _incident(deployment: Deployment, *, opened: datetime, resolved: datetime | None = None) -> None:
    status = Incident.Status.RESOLVED if resolved else Incident.Status.OPEN
    Incident.objects.create(
        environment=deployment.environment, deployment=deployment, title="x", status=status, opened_at=opened, resolved_at=resolved
    )
