"""How the specialists did."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from agents import looks
from agents.models import Run, Step
from controlplane.core.actors import Actor
from controlplane.core.models import RoleBinding, User
from tests.workloads.stage import Stage, stage

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture(autouse=True)
def counted_anew() -> None:
    cache.clear()


def looked(place: Stage, verdict: str, seconds: float, *, node: str = "testing", status: str = "done", days: float = 1) -> None:
    run = Run.objects.create(
        workflow="deploy",
        environment=place.environment,
        requested_by_label="alice",
        idempotency_key=f"{place.environment}-{Run.objects.count()}",
    )
    began = NOW - timedelta(days=days)
    ended = began + timedelta(seconds=seconds)
    Step.objects.create(run=run, node=node, status=status, verdict=verdict, started_at=began, finished_at=ended)


def record_of(person: User, name: str = "testing") -> looks.Record:
    return next(one for one in looks.records(Actor.person(person), NOW) if one.specialist.name == name)


def test_the_five_verdicts_and_what_has_none_are_counted_apart(alice: User) -> None:
    shop = stage()
    for verdict in ("passed", "passed", "passed", "failed", "inconclusive", "not_evaluated", "no_data"):
        looked(shop, verdict, 10)
    looked(shop, "", 10, status="lost")
    looked(shop, "", 10, status="failed")
    record = record_of(alice)
    assert record.verdicts == {"passed": 3, "failed": 1, "inconclusive": 1, "not_evaluated": 1, "no_data": 1}
    assert (record.none, record.looks, record.success) == (2, 9, 0.75)


def test_times_are_percentiles_of_what_came_to_a_verdict(alice: User) -> None:
    shop = stage()
    for seconds in (1, 2, 3, 4, 100):
        looked(shop, "passed", seconds)
    looked(shop, "", 10_000, status="lost")
    record = record_of(alice)
    assert record.p50 == timedelta(seconds=3)
    assert record.p95 == timedelta(seconds=80.8)


def test_without_looks_there_is_no_data_and_not_zero(alice: User) -> None:
    looked(stage(), "passed", 5, days=31)
    record = record_of(alice)
    assert (record.looks, record.success, record.p50, record.latest) == (0, None, None, ())
    assert set(record.days) == {None}


def test_the_latest_five_come_newest_first_and_the_days_know_their_failures(alice: User) -> None:
    shop = stage()
    for day in range(1, 8):
        looked(shop, "failed" if day == 3 else "passed", 5, days=day)
    record = record_of(alice)
    assert [(NOW - step.started_at).days for step in record.latest] == [1, 2, 3, 4, 5]
    assert record.days[-4] == looks.Day(1, 1)
    assert record.days[-2] == looks.Day(1, 0)


def test_a_specialist_whose_node_has_another_name_is_found_by_it(alice: User) -> None:
    looked(stage(), "inconclusive", 5, node="verify")
    assert record_of(alice, "monitoring").verdicts["inconclusive"] == 1


def test_looks_at_what_may_not_be_seen_count_for_nothing(carol: User) -> None:
    shop, other = stage(), stage(application="other")
    looked(shop, "passed", 5)
    looked(other, "failed", 5)
    RoleBinding.objects.create(user=carol, role="viewer", scope=f"environment/{shop.environment.pk}")
    record = record_of(carol)
    assert (record.verdicts["passed"], record.verdicts["failed"], len(record.latest)) == (1, 0, 1)
