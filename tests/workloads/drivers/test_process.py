"""The process driver against a real host, a real gunicorn and real requests."""

from __future__ import annotations

import httpx

from tests.workloads.machine import Machine, eventually, little_venv, machine
from tests.workloads.steady import Steady
from workloads.drivers.process import ProcessDriver
from workloads.models import Environment, Instance, Release
from workloads.verdicts import Verdict

__all__ = ["little_venv", "machine"]
DRIVER = ProcessDriver()


def roll_out(machine: Machine, release: Release, key: str) -> Instance:
    staged = DRIVER.stage(machine.environment, release, key, machine.say)
    assert staged.verdict is Verdict.PASSED, (staged, machine.said)
    instance = machine.instance(staged.instance_id)
    switched = DRIVER.switch(machine.environment, instance, key, machine.say)
    assert switched.switched, switched
    assert switched.verdict is Verdict.PASSED, switched
    return machine.instance(instance.pk)


def test_switch_and_undo_lose_no_request(machine: Machine) -> None:
    first = roll_out(machine, machine.release("v1"), "one")
    with Steady(f"{machine.address}/health/") as steady:
        eventually(lambda: steady.answers.total() > 50)
        second = roll_out(machine, machine.release("v2"), "two")
        eventually(lambda: steady.answers['{"version": "v2"}'] > 50)
        undone = DRIVER.undo(machine.environment, second, "undo", machine.say)
        assert undone.switched
        before = steady.answers['{"version": "v1"}']
        eventually(lambda: steady.answers['{"version": "v1"}'] > before + 50)
        eventually(lambda: machine.instance(second.pk).status == Instance.Status.STOPPED)
    assert steady.failed == []
    assert undone.instance_id == first.pk
    assert Environment.objects.get().routed_instance_id == first.pk


def test_a_broken_release_is_never_switched_to(machine: Machine) -> None:
    roll_out(machine, machine.release("v1"), "one")
    staged = DRIVER.stage(machine.environment, machine.release("broken"), "three", machine.say)
    assert staged.verdict is Verdict.FAILED
    assert not staged.switched
    assert "500" in staged.summary
    assert any("this release is broken" in str(piece.body) for piece in staged.evidence)
    eventually(lambda: machine.instance(staged.instance_id).status == Instance.Status.STOPPED)
    assert httpx.get(f"{machine.address}/health/").json() == {"version": "v1"}
