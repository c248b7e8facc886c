"""What was adopted and approved, carried through by a run of its own, on the real operations."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agents import housekeeping
from agents.models import Run
from controlplane.core.actors import Actor
from controlplane.core.models import User
from tests.agents.test_operations import Play, play  # noqa: F401
from tests.workloads.stage import decide
from workloads import actions, adoption, changes
from workloads.models import Change
from workloads.previews import Facts

Scene = Callable[..., Play]


def adopted(scene: Play, key: str) -> Change:
    """The first apply, as adoption proposes it: for no run."""
    environment, actor = scene.place.environment, Actor.system("terminal (test)")
    draft = actions.roll_out(scene.place.release("v1"), Facts())
    judged = changes.judge(actor, environment, draft)
    preview = actions.preview(environment, [draft])
    return changes.propose(actor, environment, "Adopt v1", [draft], preview, judged, idempotency_key=key)


@pytest.fixture
def scene(play: Scene, admin: User) -> Play:  # noqa: F811
    return play("production")


def test_an_approved_first_apply_is_applied_watched_and_live(scene: Play, bob: User) -> None:
    change = adopted(scene, f"{adoption.KEY}1")
    housekeeping.reap()
    assert not Run.objects.exists()
    decide(change, bob)
    housekeeping.wake_waiting_for(change.pk)
    run = scene.drive(Run.objects.get(workflow="adopt"))
    assert (run.status, scene.live) == ("succeeded", ("v1", "passed")), run.result
    change.refresh_from_db()
    assert (change.status, change.run_number) == (Change.Status.APPLIED, run.pk)


def test_a_change_of_somebody_else_is_carried_through_by_nobody(scene: Play, bob: User) -> None:
    change = adopted(scene, "another-key")
    decide(change, bob)
    housekeeping.wake_waiting_for(change.pk)
    housekeeping.reap()
    assert not Run.objects.exists()
