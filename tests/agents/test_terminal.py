"""The commands of a terminal: what they print, and how they exit."""

from __future__ import annotations

import contextlib
import io
import json
import time
from collections.abc import Callable

import pytest
from django.core.management import call_command

from agents.models import Run
from agents.terminal import asking
from agents.terminal.codes import HELP
from controlplane.core.errors import OutsideError
from controlplane.core.models import User
from tests.agents.fakes import FakeOperations
from tests.agents.worker import Worker
from workloads.models import Environment

Fake = Callable[..., FakeOperations]
Begin = Callable[[FakeOperations], Worker]
Ready = Callable[[FakeOperations], None]


def call(*arguments: str) -> tuple[int, str]:
    output = io.StringIO()
    with pytest.raises(SystemExit) as exited:
        call_command(*arguments, stdout=output)
    assert isinstance(exited.value.code, int)
    return exited.value.code, output.getvalue()


@pytest.fixture
def work(begin: Begin) -> Callable[[FakeOperations], None]:
    """Begin a worker and wait until it answers."""

    def ready(fake: FakeOperations) -> None:
        begin(fake)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with contextlib.suppress(OutsideError):
                return asking.demand_worker()
        raise AssertionError("the worker did not answer")

    return ready


@pytest.mark.parametrize(
    ("scenario", "code", "word"),
    [
        ({"applied": "not_switched", "returned": False}, 1, "failed"),
        ({"verified": "failed"}, 4, "rolled back"),
        ({"policy": "waiting"}, 5, "waiting for approval"),
        ({"policy": "refused"}, 6, "refused"),
        ({}, 7, "succeeded"),  # these operations leave no deployment that was verified
    ],
)
def test_the_exit_code_is_the_verdict(
    scenario: dict[str, object], code: int, word: str, environment: Environment, fake: Fake, work: Ready
) -> None:
    work(fake(**scenario))
    exited, output = call("rollback", "shop", "local")
    assert exited == code
    assert word in output
    assert f"{code} " in HELP


def test_a_failure_is_shown_with_its_evidence(environment: Environment, fake: Fake, work: Ready) -> None:
    work(fake(verified="failed"))
    _, output = call("rollback", "shop", "local")
    assert "Verify: Verified: failed." in output
    assert "GET /" in output
    assert "500" in output


def test_json_is_one_document_and_nothing_else(environment: Environment, fake: Fake, work: Ready) -> None:
    work(fake(policy="waiting"))
    code, output = call("rollback", "shop", "local", "--json")
    said = json.loads(output)
    assert (said["exit_code"], code, said["status"]) == (5, 5, "waiting")
    assert [step["node"] for step in said["steps"]] == ["plan", "gate", "approval"]


def test_without_a_worker_the_cure_is_said_and_nothing_is_asked_for(
    environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _ = call("rollback", "shop", "local")
    assert code == 1
    assert "manage.py up" in capsys.readouterr().err
    assert not Run.objects.exists()
    with pytest.raises(OutsideError):
        asking.demand_worker()


def test_no_wait_asks_and_goes(environment: Environment) -> None:
    code, output = call("rollback", "shop", "local", "--no-wait", "--json")
    assert (code, json.loads(output)["run"]) == (0, Run.objects.get().pk)


def test_what_does_not_exist_is_told_with_what_does(
    environment: Environment, mallory: User, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("rollback", "shop", "production", "--no-wait")[0] == 2
    assert "It has: local." in capsys.readouterr().err
    assert call("rollback", "nothing", "local", "--no-wait")[0] == 2
    assert "Registered: shop." in capsys.readouterr().err
    assert call("rollback", "shop", "local", "--no-wait", "--as", "nobody")[0] == 2
    assert call("rollback", "shop", "local", "--no-wait", "--as", "mallory")[0] == 6
    assert not Run.objects.exists()


def test_status_shows_each_environment_and_that_no_worker_runs(environment: Environment) -> None:
    output = io.StringIO()
    call_command("status", stdout=output)
    assert "shop/local" in output.getvalue()
    assert "No worker is running" in output.getvalue()
    output = io.StringIO()
    call_command("status", "--json", stdout=output)
    (row,) = json.loads(output.getvalue())["environments"]
    assert (row["application"], row["release"], row["verdict"]) == ("shop", None, "no_data")
