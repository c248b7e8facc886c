"""Whole runs of the graphs against a real cluster: deployed, failed and returned by itself, asked, kept, rolled back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from agents import housekeeping, runner, runs
from agents.context import Context
from agents.models import Run
from agents.operations import RealOperations, rollouts
from agents.operations.planning import BRINGS
from controlplane.core.actors import Actor
from controlplane.core.models import User
from tests.cluster import kubeconfig
from tests.workloads.drivers.kubernetes.stage import ClusterStage, cluster_stage
from tests.workloads.stage import decide
from workloads.adapters.kubernetes.client import Client
from workloads.drivers import select
from workloads.evidence import Assessment, Evidence
from workloads.models import Change, Deployment, Environment, Incident, Variable
from workloads.previews import Facts
from workloads.verdicts import Verdict

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
NAMESPACE = "driver"
PASSED = Assessment(Verdict.PASSED, "Good.")


class FromThePlanOn(RealOperations):
    """Release instead of source: what comes before the plan is made up, what the cluster would become is not."""

    def __init__(self, place: ClusterStage) -> None:
        self.place = place

    def checkout(self, context: Context, ref: str) -> Assessment:
        return Assessment(Verdict.PASSED, ref, data={"commit": "0" * 40})

    def assess(self, context: Context, specialist: str, commit: str) -> Assessment:
        return PASSED

    def plan(self, context: Context, commit: str, assessments: Mapping[str, Mapping[str, Any]]) -> Assessment:
        release = self.place.release(Run.objects.get(pk=context.run).input["ref"])
        self.place.environment.refresh_from_db()
        facts = Facts(world=select.world(self.place.environment, release)).as_json()
        return Assessment(Verdict.PASSED, "Planned.", evidence=(Evidence(BRINGS, "json", facts),), data={"release": release.pk})


@dataclass
class Play:
    place: ClusterStage
    bob: User

    def ask(self, ref: str = "") -> Run:
        workflow = "deploy" if ref else "rollback"
        key = f"play-{Run.objects.count()}"
        return runs.start(Actor.system("terminal"), self.place.environment, workflow, {"ref": ref}, idempotency_key=key)

    def drive(self, run: Run) -> Run:
        """As far as it goes by itself; Bob says yes to a roll-out."""
        for _ in range(3):
            runner.drive(run.pk, FromThePlanOn(self.place))
            run.refresh_from_db()
            waiting = run.waiting_for
            if run.status != Run.Status.WAITING or waiting is None or waiting.actions.filter(kind="promote").exists():
                return run
            decide(waiting, self.bob)
            housekeeping.wake_waiting_for(waiting.pk)
        return run

    @property
    def live(self) -> tuple[str, str]:
        found = Deployment.objects.get(environment=self.place.environment, status="live")
        return found.release.ref, found.verdict


@pytest.fixture
def play(transactional_db: None, kube: Client, namespace: str, bob: User, monkeypatch: pytest.MonkeyPatch) -> Play:
    monkeypatch.setattr(rollouts, "WATCH_SECONDS", {"production": 2.0})
    return Play(cluster_stage(kube, kubeconfig(), namespace), bob)


@pytest.mark.parametrize("strategy", ["rolling", "blue_green", "canary"])
def test_deployed_then_one_that_never_comes_up_then_rolled_back_by_a_person(play: Play, strategy: str) -> None:
    play.place.strategy(strategy)
    for ref in ("v1", "v2"):
        run = play.drive(play.ask(ref))
        assert (run.status, play.live) == ("succeeded", (ref, "passed")), run.result
    play.place.options(labels={"lab/outcome": "crash"})
    run = play.drive(play.ask("v3"))
    assert (run.status, play.live) == ("rolled_back", ("v2", "passed")), run.result
    assert Incident.objects.get().status == Incident.Status.MITIGATED
    run = play.drive(play.ask())
    assert (run.status, play.live) == ("succeeded", ("v1", "passed")), run.result
    assert play.place.selected_ready() == 3
    config = [one["data"]["GREETING"] for one in play.place.all("ConfigMap") if "GREETING" in (one.get("data") or {})]
    web = play.place.active
    assert web is not None and "v1" in config


def test_a_secret_that_is_also_part_of_a_name_does_not_make_the_world_look_moved(play: Play) -> None:
    Variable.objects.create(environment=play.place.environment, name="PEER", value="shop-web", secret=True)
    run = play.drive(play.ask("v1"))
    assert (run.status, play.live) == ("succeeded", ("v1", "passed")), run.result
    assert "shop-web" not in str(run.steps.get(node="plan").evidence)


@pytest.mark.parametrize("answer", ["approve", "reject"])
def test_a_canary_that_nobody_can_judge_is_kept_or_taken_back_by_a_person_s_word(play: Play, answer: str) -> None:
    play.place.strategy("canary")
    play.drive(play.ask("v1"))
    play.place.options(rollout={"metrics": [{"name": "errors", "query": "up", "at_most": 1.0}]})
    run = play.drive(play.ask("v2"))
    assert run.status == Run.Status.WAITING and run.waiting_for is not None, run.result
    sizes = sorted(item["spec"]["replicas"] for item in play.place.all("Deployment"))
    assert sizes == [1, 2]
    if answer == "approve":
        play.place.options(rollout={"metrics": []})  # what is asked after that can be told
    decide(run.waiting_for, play.bob, answer)
    housekeeping.wake_waiting_for(run.waiting_for.pk)
    run = play.drive(run)
    assert run.status == ("succeeded" if answer == "approve" else "rolled_back"), run.result
    assert play.live[0] == ("v2" if answer == "approve" else "v1")
    assert play.place.selected_ready() == 3


def test_what_moved_on_the_cluster_between_approval_and_applying_is_refused(play: Play) -> None:
    play.drive(play.ask("v1"))
    run = play.ask("v2")
    runner.drive(run.pk, FromThePlanOn(play.place))
    run.refresh_from_db()
    metadata = {"name": "shop-web", "namespace": play.place.namespace}
    by_hand = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replicas": 5}}
    play.place.kube.apply(by_hand, manager="somebody", force=True)
    assert run.waiting_for is not None
    decide(run.waiting_for, play.bob)
    housekeeping.wake_waiting_for(run.waiting_for.pk)
    run = play.drive(run)
    assert (run.status, play.live) == ("refused", ("v1", "passed")), run.result
    assert Change.objects.filter(status="cancelled").count() == 1
    assert Environment.objects.get().fence == 1


def test_a_release_whose_pods_never_become_ready_is_back_in_time(play: Play) -> None:
    play.drive(play.ask("v1"))
    play.place.options(labels={"lab/outcome": "unready"}, rollout={"interval": 2, "threshold": 3})
    run = play.ask("v2")
    runner.drive(run.pk, FromThePlanOn(play.place))
    run.refresh_from_db()
    assert run.waiting_for is not None
    decide(run.waiting_for, play.bob)
    housekeeping.wake_waiting_for(run.waiting_for.pk)
    began = time.monotonic()
    run = play.drive(run)
    assert (run.status, play.live) == ("rolled_back", ("v1", "passed")), run.result
    assert time.monotonic() - began <= 2 * 3 + 10
