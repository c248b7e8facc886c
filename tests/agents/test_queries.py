"""Reads of runs: rights inside the query, the newest attempt of each step, a constant number of queries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents import queries, runs
from agents.models import Run, Step
from controlplane.core.actors import Actor
from controlplane.core.errors import NotFound
from controlplane.core.models import RoleBinding, User
from controlplane.core.permissions import Role
from tests.workloads.stage import Stage, stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: None) -> Stage:
    return stage("production")


def _run(place: Stage, key: str = "run") -> Run:
    return runs.start(Actor.system("test"), place.environment, "deploy", {"ref": "v1"}, idempotency_key=key)


def _queries(read: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        read()
    return len(captured)


def test_each_sees_the_runs_that_are_theirs(shop: Stage, alice: User, carol: User, mallory: User) -> None:
    bank = stage("production", application="bank")
    ours, hers = _run(shop, "1"), _run(bank, "2")
    RoleBinding.objects.create(user=carol, role=Role.VIEWER, scope=f"application/{bank.environment.application_id}")
    assert list(queries.runs_for(Actor.person(alice))) == [hers, ours]
    assert list(queries.runs_for(Actor.person(carol))) == [hers]
    assert list(queries.runs_for(Actor.person(mallory))) == []
    for read in (queries.run_for, queries.run_detail, queries.events_after):
        with pytest.raises(NotFound):
            read(Actor.person(carol), ours.pk)


def test_a_run_is_shown_with_the_newest_attempt_of_each_step_in_order(shop: Stage, alice: User) -> None:
    run, now = _run(shop), timezone.now()
    for node, attempt in (("checkout", 1), ("testing", 1), ("testing", 2), ("plan", 1)):
        Step.objects.create(run=run, node=node, attempt=attempt, started_at=now)
    change = shop.propose(shop.release("v1"), run_number=run.pk)
    found = queries.run_detail(Actor.person(alice), run.pk)
    assert [(step.node, step.attempt) for step in found.steps] == [("checkout", 1), ("testing", 2), ("plan", 1)]
    assert found.changes == (change,)
    assert [deployment.change for deployment in found.deployments] == [change]


def test_a_run_asks_as_often_for_twenty_steps_as_for_two(shop: Stage, alice: User) -> None:
    run, now, actor = _run(shop), timezone.now(), Actor.person(alice)
    few = _queries(lambda: queries.run_detail(actor, run.pk))
    Step.objects.bulk_create(Step(run=run, node=f"step{number}", started_at=now) for number in range(20))
    assert _queries(lambda: queries.run_detail(actor, run.pk)) == few


def test_the_newest_unfinished_run_of_each_environment(shop: Stage) -> None:
    first, second = _run(shop, "1"), _run(shop, "2")
    assert queries.unfinished_in([shop.environment.pk]) == {shop.environment.pk: second}
    Run.objects.filter(pk=second.pk).update(status="succeeded")
    assert queries.unfinished_in([shop.environment.pk]) == {shop.environment.pk: first}
