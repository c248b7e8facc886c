"""Parking and approving cannot miss each other, whoever comes first."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connections, transaction

from agents import housekeeping, runs
from agents.models import Run
from controlplane.core.actors import Actor
from controlplane.core.models import OutboxMessage, User
from tests.workloads.stage import decide, stage
from workloads.models import Change

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("attempt", range(8))
def test_a_run_that_parks_while_it_is_approved_goes_on(alice: User, bob: User, attempt: int) -> None:
    place = stage("production")
    run = runs.start(Actor.system("test"), place.environment, "deploy", {"ref": "v1"}, idempotency_key="run")
    lease = runs.claim(run.pk, "worker")
    change = place.propose(place.release("v1"), by=alice, run_number=run.pk)
    assert lease is not None
    parked: list[bool] = []
    together = threading.Barrier(2)

    def park() -> None:
        together.wait()
        time.sleep(attempt % 2 * 0.003)
        parked.append(runs.wait(lease, change.pk))
        connections.close_all()

    def approve() -> None:
        together.wait()
        decide(change, bob)
        connections.close_all()

    _all(park, approve)
    assert OutboxMessage.objects.filter(name="agents.change_decided").count() == 1
    housekeeping.wake_waiting_for(change.pk)
    run.refresh_from_db()
    assert Change.objects.get(pk=change.pk).status == "approved"
    assert (parked[0], run.status) in {(True, Run.Status.QUEUED), (False, Run.Status.RUNNING)}


def test_whoever_approves_waits_for_whoever_is_parking(alice: User, bob: User) -> None:
    place = stage("production")
    change = place.propose(place.release("v1"), by=alice)
    order: list[str] = []

    def approve() -> None:
        decide(change, bob)
        order.append("approved")
        connections.close_all()

    approver = threading.Thread(target=approve)
    with transaction.atomic():
        Change.objects.select_for_update().get(pk=change.pk)
        approver.start()
        time.sleep(0.3)
        order.append("parked")
    approver.join(10)
    assert order == ["parked", "approved"]


def _all(*work: object) -> None:
    threads = [threading.Thread(target=each) for each in work]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
