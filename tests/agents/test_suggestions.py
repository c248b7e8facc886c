"""What a model suggested and people approved, carried through by a run of its own, on the real operations."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agents import housekeeping, proposals, runs
from agents.models import Run, Step
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid, NotFound
from controlplane.core.models import AuditEntry, User
from tests.agents.test_operations import Play, play  # noqa: F401
from tests.workloads.stage import decide, stage
from workloads import changes
from workloads.models import Change, Deployment

Scene = Callable[..., Play]


def suggested(scene: Play, tier: str = "production") -> Change:
    """v1 and v2 deployed, and a model that wants v1 back."""
    for ref in ("v1", "v2"):
        scene.place.live(scene.place.release(ref))
    scene.place.environment.refresh_from_db()
    run = scene.ask("v2")
    step = Step.objects.create(run=run, node="verify", status="done", verdict="failed", started_at=run.created_at)
    runs.cancel(Actor.person(User.objects.get(username="ada")), run)
    return proposals.suggest_rollback(step, "monitoring", "Monitoring", "Everything answers 500.", ["e1"])


@pytest.fixture
def scene(play: Scene, admin: User) -> Play:  # noqa: F811
    return play("production")


def test_an_approved_suggestion_is_applied_watched_and_live(scene: Play, bob: User) -> None:
    change = suggested(scene)
    assert scene.live == ("v2", "passed")
    decide(change, bob)
    housekeeping.wake_waiting_for(change.pk)
    run = scene.drive(Run.objects.get(workflow="rollback"))
    assert (run.status, scene.live) == ("succeeded", ("v1", "passed")), run.result
    change.refresh_from_db()
    assert change.status == Change.Status.APPLIED
    assert AuditEntry.objects.filter(action="change.adopt", target_id=str(change.pk)).count() == 1


def test_a_suggestion_that_was_overtaken_is_void_and_its_run_refused(scene: Play, bob: User) -> None:
    change = suggested(scene)
    decide(change, bob)
    scene.place.live(scene.place.release("v3"))
    housekeeping.reap()
    assert not Run.objects.filter(workflow="rollback").exists()
    change.refresh_from_db()
    assert change.status == Change.Status.CANCELLED
    assert scene.live[0] == "v3"


def test_whoever_asked_for_the_run_does_not_approve_what_a_model_made_of_it(scene: Play, bob: User, admin: User) -> None:
    change = suggested(scene)
    assert not change.proposers.exists()  # the terminal asked
    step = Step.objects.get()
    Run.objects.filter(pk=step.run_id).update(requested_by=bob)
    Change.objects.filter(pk=change.pk).update(status="cancelled", idempotency_key="former")
    step.refresh_from_db()
    again = proposals.suggest_rollback(step, "monitoring", "Monitoring", "Everything answers 500.", [])
    with pytest.raises(Exception, match="Nobody approves what they asked for"):
        decide(again, bob)


def test_a_cancelled_run_takes_its_suggestion_along(scene: Play, bob: User, admin: User) -> None:
    change = suggested(scene)
    decide(change, bob)
    housekeeping.wake_waiting_for(change.pk)
    run = Run.objects.get(workflow="rollback")
    runs.cancel(Actor.person(admin), run)
    for _ in range(2):
        housekeeping.reap()
    assert Run.objects.filter(workflow="rollback").count() == 1
    change.refresh_from_db()
    assert (change.status, scene.live[0]) == (Change.Status.CANCELLED, "v2")


def test_a_run_carries_through_no_change_of_another_environment_or_run(scene: Play, bob: User) -> None:
    change = suggested(scene)
    decide(change, bob)
    run = runs.start(
        Actor.system("test"), stage("staging", "staging").environment, "rollback", {"change": change.pk}, idempotency_key="x"
    )
    scene.drive(run)
    assert run.status == "failed"
    change.refresh_from_db()
    assert (change.status, change.run_number) == ("approved", None)
    changes.adopt(Actor.system("test"), change.pk, 7)
    with pytest.raises(Conflict):
        changes.adopt(Actor.system("test"), change.pk, 8)
    with pytest.raises((NotFound, Invalid)):
        changes.adopt(Actor.system("test"), 4711, 8)


def test_suggesting_twice_is_one_and_two_runs_are_not_two(scene: Play, bob: User) -> None:
    change = suggested(scene)
    step = Step.objects.get()
    assert proposals.suggest_rollback(step, "monitoring", "Monitoring", "Another reason.", ["e2"]).pk == change.pk
    other = scene.ask("v2")
    second = Step.objects.create(run=other, node="verify", status="done", verdict="failed", started_at=other.created_at)
    with pytest.raises(Conflict, match="would roll back already"):
        proposals.suggest_rollback(second, "monitoring", "Monitoring", "Again.", [])
    assert Change.objects.filter(suggestion__isnull=False).count() == 1


def test_while_a_deployment_is_under_way_nothing_is_suggested(scene: Play, bob: User) -> None:
    for ref in ("v1", "v2"):
        scene.place.live(scene.place.release(ref))
    Deployment.objects.filter(release__ref="v2").update(status="verifying", verdict="inconclusive", verified_at=None)
    run = scene.ask("v2")
    step = Step.objects.create(run=run, node="verify", status="done", verdict="failed", started_at=run.created_at)
    with pytest.raises(Conflict, match="under way"):
        proposals.suggest_rollback(step, "monitoring", "Monitoring", "Everything answers 500.", [])
