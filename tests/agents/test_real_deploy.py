"""The sample through a real worker and a real host: v1, v2 with the worker killed in it, v3, v5, a cancel, a rollback."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from agents import housekeeping, runs
from agents.models import AgentProfile, Run, RunEvent
from controlplane.core import queue
from controlplane.core.actors import Actor
from controlplane.core.models import User
from tests.agents.test_worker import assert_gapless, let_the_lease_run_out
from tests.agents.worker import Worker
from tests.workloads.machine import Host, database_url
from tests.workloads.steady import Steady
from workloads import catalog, sample
from workloads.models import Deployment, Environment, Incident, Instance
from workloads.verdicts import Verdict

SECONDS = 150


@dataclass
class Stage:
    """A host, workers that can be killed, and the environment they deploy to."""

    environment: Environment
    data: Path
    workers: list[Worker] = field(default_factory=list)

    def begin(self) -> None:
        self.workers.append(Worker(None, self.data))

    def ask(self, ref: str) -> Run:
        key = f"story-{Run.objects.count()}"
        workflow = "deploy" if ref else "rollback"
        return runs.start(Actor.system("terminal (test)"), self.environment, workflow, {"ref": ref}, idempotency_key=key)

    def until(self, run: Run, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < end, list(RunEvent.objects.filter(run=run).values_list("text", flat=True))[-12:]
            queue.relay()
            housekeeping.reap()
            time.sleep(0.1)
            run.refresh_from_db()

    def said(self, run: Run, text: str) -> bool:
        return RunEvent.objects.filter(run=run, text__contains=text).exists()

    def deploy(self, ref: str, kill_at: str = "") -> Run:
        run = self.ask(ref)
        if kill_at:
            self.until(run, lambda: self.said(run, kill_at) or run.status in Run.ENDED)
            self.workers[-1].kill()
            let_the_lease_run_out(run)
            self.begin()
        self.until(run, lambda: run.status in Run.ENDED)
        assert_gapless(run)
        return run

    @property
    def live(self) -> str:
        return Deployment.objects.get(environment=self.environment, status="live").release.label


@pytest.fixture
def stage(transactional_db: None, tmp_path: Path, settings: Any) -> Iterator[Stage]:
    settings.DATA_DIR = data = tmp_path / "data"
    for name in ("code_quality", "testing", "security"):  # have tests of their own
        AgentProfile.objects.update_or_create(name=name, defaults={"enabled": False})
    repository = sample.materialise(tmp_path / "harbour")
    found = Stage(catalog.register(Actor.system("test"), "harbour", str(repository)).environment, data)
    variables = {"DATABASE_URL": database_url(), "TIMONEL_DATA": str(data), "DJANGO_SETTINGS_MODULE": "controlplane.settings.test"}
    host = Host(variables, tmp_path / "host.log")
    host.start()
    found.begin()
    yield found
    for worker in found.workers:
        worker.kill()
    with contextlib.suppress(Exception):
        host.stop()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_worker_killed_in_the_switch_of_a_real_deployment_loses_no_request_and_switches_once(stage: Stage) -> None:
    first = stage.deploy("v1")
    assert (first.status, stage.live) == ("succeeded", "v1"), first.result
    with Steady(f"http://127.0.0.1:{stage.environment.port}/healthz", rate=10) as steady:
        second = stage.deploy("v2", kill_at="leads to v2 now")
    assert (second.status, stage.live) == ("succeeded", "v2"), second.result
    assert steady.failed == []
    assert second.fence == first.fence + 1  # the worker that was killed had it, then the other one
    assert Instance.objects.filter(environment=stage.environment, release__ref="v2").count() == 1
    assert Deployment.objects.filter(environment=stage.environment).count() == 2


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_sample_goes_through_its_versions_and_no_request_fails(stage: Stage, alice: User) -> None:
    first = stage.deploy("v1")
    assert (first.status, stage.live) == ("succeeded", "v1"), first.result
    address = f"http://127.0.0.1:{stage.environment.port}/"
    assert httpx.get(address, trust_env=False, follow_redirects=True).status_code == 200
    with Steady(f"{address}healthz", rate=10) as steady:
        assert stage.deploy("v2", kill_at="Release step: migrate").status == "succeeded"
        assert stage.live == "v2"
        assert Instance.objects.filter(environment=stage.environment, release__ref="v2").count() == 1
        _broken_is_taken_back(stage)
        assert stage.deploy("v5").status == "refused"
        _cancel_after_the_switch_returns(stage, alice)
        assert stage.deploy("v2", kill_at="Watching v2").status == "succeeded"
        assert stage.deploy("").status == "succeeded"
        assert stage.live == "v1"
    assert steady.failed == []


def _broken_is_taken_back(stage: Stage) -> None:
    run = stage.deploy("v3")
    assert (run.status, stage.live) == ("rolled_back", "v2")
    incident = Incident.objects.get(run_number=run.pk)
    assert (incident.status, incident.deployment.release.label if incident.deployment else "") == ("mitigated", "v3")
    assert "500" in run.result["summary"]


def _cancel_after_the_switch_returns(stage: Stage, alice: User) -> None:
    run = stage.ask("v1")
    stage.until(run, lambda: stage.said(run, "Watching v1"))
    runs.cancel(Actor.person(alice), run)
    stage.until(run, lambda: run.status in Run.ENDED)
    assert run.status == "cancelled"
    back = Deployment.objects.get(environment=stage.environment, status="live")
    assert back.kind == Deployment.Kind.ROLL_BACK
    assert back.verdict == Verdict.PASSED
