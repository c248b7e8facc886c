"""Real workers that look after an incident, killed: the run ends right, no effect twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agents.models import Run, Step
from tests.agents.fakes import FakeOperations
from tests.agents.test_worker import (
    as_beat_does,
    assert_each_effect_once,
    assert_gapless,
    ended,
    let_the_lease_run_out,
    until,
)
from tests.agents.worker import Worker
from workloads.models import Change

Fake = Callable[..., FakeOperations]
Start = Callable[..., Run]
Begin = Callable[[FakeOperations], Worker]
POSITIONS = [
    *((node, "before") for node in ("calm", "look", "remedies", "approval", "verify", "watch", "recheck", "escalate")),
    *((node, "after") for node in ("gate", "undo", "report")),
    *((node, "inside") for node in ("look", "apply", "close", "take_back")),
]
TAKEN_BACK = {"undo", "take_back", "escalate"}


@pytest.mark.slow
@pytest.mark.parametrize(("node", "where"), POSITIONS)
def test_a_worker_killed_in_a_step_loses_nothing_and_repeats_no_effect(
    node: str, where: str, start: Start, fake: Fake, begin: Begin
) -> None:
    back = node in TAKEN_BACK
    more = {"verified": "failed", "consent": "approved"} if back else {"policy": "waiting"} if node == "approval" else {}
    operations = fake(hang=f"{node}:{where}", **more)
    worker = begin(operations)
    run = start("incident", incident=1)
    until(operations.hanging)
    worker.kill()
    let_the_lease_run_out(run)
    begin(operations)

    def help_along() -> None:
        as_beat_does()
        Change.objects.filter(status=Change.Status.WAITING).update(status=Change.Status.APPROVED)

    until(lambda: ended(run), each=help_along)
    assert run.status == (Run.Status.ROLLED_BACK if back else Run.Status.SUCCEEDED)
    assert_each_effect_once(operations)
    assert_gapless(run)
    assert node in run.steps.filter(status=Step.Status.LOST).values_list("node", flat=True)
