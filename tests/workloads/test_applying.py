"""Applying a change: no connection held, killed and gone on, turned away, failed honestly; and a hundred people at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections

from controlplane.core.errors import Conflict, LeaseLost, TimonelError
from controlplane.core.models import AuditEntry, OutboxMessage, RoleBinding, User
from controlplane.core.permissions import Role
from tests.workloads.stage import SYSTEM, Stage, decide, kinds, quiet, stage
from workloads import changes
from workloads.models import Approval, Change, Deployment, Environment, Instance

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """What kill -9 looks like from inside: nothing after it runs."""


@pytest.fixture
def local(transactional_db: None) -> Stage:
    return stage("local", "local")


@pytest.fixture
def production(transactional_db: None) -> Stage:
    return stage("production")


def test_no_connection_is_held_while_the_driver_works(local: Stage) -> None:
    held: list[bool] = []
    change = local.propose(local.release("v1"))
    local.driver.before = lambda _: held.append(connection.connection is not None)
    local.apply(change)
    changes.verify(change.pk, say=quiet, drivers=local.drivers)
    assert held == [False, False, False]


def test_the_environment_s_fence_grows_with_each_change(local: Stage) -> None:
    for expected in (1, 2):
        change = local.propose(local.release(f"v{expected}"))
        local.apply(change)
        deployment = Deployment.objects.get(change=change)
        changes.abandon(SYSTEM, change.pk, "nothing to abandon")
        assert (Environment.objects.get().fence, Change.objects.get(pk=change.pk).fence) == (expected, expected)
        Deployment.objects.filter(pk=deployment.pk).update(status="failed")


@pytest.mark.parametrize("step", ["stage", "switch"])
@pytest.mark.parametrize("lease", [1, 2])
def test_killed_in_the_middle_it_goes_on_and_does_nothing_twice(local: Stage, step: str, lease: int) -> None:
    change = local.propose(local.release("v1"))
    local.driver.before = _kill_at(step)
    with pytest.raises(Killed):
        local.apply(change, key="run-1-apply", lease=1)
    assert Change.objects.get(pk=change.pk).status == "applying"
    local.driver.before = lambda _: None
    assert local.apply(change, key="run-1-apply", lease=lease).switched
    assert kinds(local.driver.calls) == ["stage", "switch"]
    assert (Change.objects.get(pk=change.pk).status, Environment.objects.get().fence) == ("applied", lease)
    assert Instance.objects.count() == 1


def test_killed_after_the_switch_was_told_it_only_writes_the_outcome_down(local: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    change = local.propose(local.release("v1"))
    with monkeypatch.context() as patch:
        patch.setattr("workloads.changes.applying._finish", _killed)
        with pytest.raises(Killed):
            local.apply(change, key="k")
    assert local.apply(change, key="k").switched
    assert kinds(local.driver.calls) == ["stage", "switch"]
    assert Deployment.objects.get(change=change).status == "verifying"


def test_a_worker_whose_run_was_taken_over_is_turned_away(local: Stage) -> None:
    change = local.propose(local.release("v1"))
    local.driver.before = _kill_at("stage")
    with pytest.raises(Killed):
        local.apply(change, key="k", lease=5)
    with pytest.raises(LeaseLost):
        local.apply(change, key="k", lease=4)


def test_a_worker_that_wakes_up_too_late_writes_nothing(local: Stage) -> None:
    change = local.propose(local.release("v1"))

    def another_takes_over(step: str) -> None:
        if step == "switch":
            row = Change.objects.get(pk=change.pk)
            Change.objects.filter(pk=change.pk).update(result={**row.result, "apply": {"key": "k", "lease": 9}})

    local.driver.before = another_takes_over
    with pytest.raises(LeaseLost):
        local.apply(change, key="k", lease=1)
    assert Change.objects.get(pk=change.pk).status == "applying"


@pytest.mark.parametrize(("fail", "did"), [({"stage": "no"}, ["stage"]), ({"switch": "no"}, ["stage", "switch", "retire"])])
def test_what_fails_before_the_switch_leaves_traffic_where_it_was(local: Stage, fail: dict[str, str], did: list[str]) -> None:
    first = local.live(local.release("v1"))
    active = Environment.objects.get().active_instance_id
    local.driver.calls.clear()
    local.driver.fail = fail
    change = local.propose(local.release("v2"))
    assert not local.apply(change).switched
    assert (kinds(local.driver.calls), Environment.objects.get().active_instance_id) == (did, active)
    assert Deployment.objects.get(change=change).status == "failed"
    first.refresh_from_db()
    assert first.status == "live"
    assert Change.objects.get(pk=change.pk).status == "failed"


def test_an_error_of_the_driver_is_an_outcome_with_its_cure(local: Stage) -> None:
    local.driver.fail = {"stage": "error"}
    change = local.propose(local.release("v1"))
    outcome = local.apply(change)
    assert (outcome.verdict, outcome.summary, outcome.cure) == ("failed", "The disk is full.", "Free some space.")
    assert Change.objects.get(pk=change.pk).result["outcome"]["cure"] == "Free some space."


def test_a_crash_nobody_foresaw_can_be_written_off(local: Stage) -> None:
    change = local.propose(local.release("v1"))
    local.driver.before = _kill_at("switch")
    with pytest.raises(Killed):
        local.apply(change)
    changes.abandon(SYSTEM, change.pk, "The worker found an error it does not know.")
    assert Change.objects.get(pk=change.pk).status == "failed"
    assert Deployment.objects.get(change=change).status == "failed"


def test_one_deployment_at_a_time(local: Stage) -> None:
    local.apply(local.propose(local.release("v1")))
    second = local.propose(local.release("v2"))
    outcome = local.apply(second)
    assert "under way" in outcome.summary
    assert Deployment.objects.get(change=second).status == "cancelled"


def test_verifying_asks_the_driver_about_what_runs(local: Stage) -> None:
    change = local.propose(local.release("v1"))
    local.apply(change)
    outcome = changes.verify(change.pk, say=quiet, drivers=local.drivers)
    assert (outcome.summary, outcome.instance_id) == ("It answers.", Environment.objects.get().active_instance_id)


def test_a_hundred_approvals_at_once_are_one_transition_and_one_wake_up(production: Stage) -> None:
    people = [_approver(number) for number in range(100)]
    change = production.propose(production.release("v1"), judged={"quorum": 2})
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda person: _attempt(change, person), people))
    assert answers.count("recorded") == 2
    assert answers.count("Conflict") == 98
    assert Change.objects.get(pk=change.pk).status == "approved"
    assert Approval.objects.filter(change=change).count() == 2
    assert OutboxMessage.objects.filter(name="agents.change_decided").count() == 1
    assert AuditEntry.objects.filter(action="change.approve").count() == 2


def test_the_same_person_a_hundred_times_at_once_decides_once(production: Stage) -> None:
    person = _approver(1)
    change = production.propose(production.release("v1"), judged={"quorum": 2})
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: _attempt(change, person), range(100)))
    assert (answers.count("recorded"), Change.objects.get(pk=change.pk).status) == (1, "waiting")


def test_applied_from_many_workers_at_once_it_is_done_once(local: Stage) -> None:
    change = local.propose(local.release("v1"))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: _apply(local, change, f"key-{number}"), range(8)))
    assert sorted(answers) == ["Conflict"] * 7 + ["switched"]
    assert kinds(local.driver.calls) == ["stage", "switch"]


def _approver(number: int) -> User:
    person = User.objects.create_user(f"approver{number}", f"approver{number}@example.org")
    RoleBinding.objects.create(user=person, role=Role.APPROVER, scope="*")
    return person


def _attempt(change: Change, person: User) -> str:
    try:
        decide(change, person)
        return "recorded"
    except TimonelError as error:
        return type(error).__name__
    finally:
        connections.close_all()


def _apply(local: Stage, change: Change, key: str) -> str:
    try:
        return "switched" if local.apply(change, key=key).switched else "not switched"
    except Conflict:
        return "Conflict"
    finally:
        connections.close_all()


def _kill_at(step: str) -> Callable[[str], None]:
    def kill(reached: str) -> None:
        if reached == step:
            raise Killed

    return kill


def _killed(*_: object) -> None:
    raise Killed
