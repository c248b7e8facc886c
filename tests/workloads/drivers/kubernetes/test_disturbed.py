"""A pod deleted, a process killed, the kubelet stopped, a node lost in the middle of a roll-out: the verdict is right each time.

On a node that really runs images (image and nodes are those of test_real). `TIMONEL_TEST_NODE` names the node that may be
disturbed, `TIMONEL_TEST_NODE_PAUSE` is a command that stops its kubelet, `TIMONEL_TEST_NODE_STOP` one that stops all of it,
`TIMONEL_TEST_NODE_START` one that brings it back. Where other nodes match `TIMONEL_TEST_NODES`, pods move to them.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection

from tests.cluster import kubeconfig
from tests.workloads.drivers.kubernetes.stage import ClusterStage, cluster_stage
from tests.workloads.drivers.kubernetes.test_killed import STRATEGIES, Guard, Killer, guarded, killing
from tests.workloads.drivers.kubernetes.test_real import SERVE
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.failures import ApiFailure
from workloads.adapters.kubernetes.kinds import Json, kind_named
from workloads.drivers import Outcome
from workloads.drivers.kubernetes import parts
from workloads.drivers.kubernetes.pods import is_ready
from workloads.models import Release
from workloads.verdicts import Verdict

IMAGE = os.environ.get("TIMONEL_TEST_IMAGE", "")
NODE = os.environ.get("TIMONEL_TEST_NODE", "")
NODES = json.loads(os.environ.get("TIMONEL_TEST_NODES", "{}"))
NAMESPACE = "driver"
PATIENCE = 24.0
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not IMAGE, reason="no image that really runs: set TIMONEL_TEST_IMAGE"),
]
needs_node = pytest.mark.skipif(not NODE, reason="no node that may be disturbed: set TIMONEL_TEST_NODE")
MORTAL = SERVE.replace("'do_GET':lambda s:(", "'do_GET':lambda s:(s.path=='/die' and __import__('os')._exit(3),")
STEPS = {"rolling": "Rolling v2 out", "blue_green": "Preparing v2", "canary": "Preparing v2"}


@pytest.fixture
def shop(transactional_db: None, kube: Client, namespace: str) -> ClusterStage:
    """Two pods that really run, looked at for six seconds at each step, 24 s of patience."""
    rollout = {"interval": 6, "threshold": 4, "steps": [50]}
    found = cluster_stage(kube, kubeconfig(), namespace, replicas=2, rollout=rollout, scheduling={"node_selector": NODES})
    web = {"cpu": "20m", "memory": "64Mi", "replicas": 2}
    found.options(hosts=["shop.example.com"], route={"kind": "none"}, processes={"web": web})
    return found


def release(shop: ClusterStage, word: str) -> Release:
    plan = {"processes": {"web": ["python", "-c", MORTAL, word, "{port}"]}, "pages": ["/"], "health_path": "/"}
    return shop.release(word, plan=plan, image=IMAGE)


def stand(shop: ClusterStage, word: str) -> None:
    """A release that runs, however long that takes."""
    shop.options(rollout={"threshold": 30})
    assert shop.deploy(release(shop, word)).switched
    shop.options(rollout={"threshold": 4})


def pods_of(shop: ClusterStage, word: str) -> list[Json]:
    """The pods of a release that somebody's kubelet runs."""
    pods = shop.all("Pod", f"{parts.RELEASE}={Release.objects.get(ref=word).pk}")
    return [pod for pod in pods if pod["spec"].get("nodeName") and not pod["metadata"].get("deletionTimestamp")]


@dataclass
class Played:
    """How a roll-out went that was disturbed: `seconds` in all, the fewest ready pods behind the stable Service, the writes."""

    outcome: Outcome
    seconds: float
    guard: Guard
    killer: Killer


def play(shop: ClusterStage, monkeypatch: pytest.MonkeyPatch, disturb: Callable[[], None]) -> Played:
    """Roll v2 out over v1 while `disturb` does its harm from a thread of its own; nothing may be written twice."""
    killer, began, error = Killer(), time.monotonic(), list[BaseException]()

    def harm() -> None:
        try:
            disturb()
        except (Exception, pytest.fail.Exception) as wrong:  # noqa: BLE001 (told by the thread that waits)
            error.append(wrong)
        finally:
            connection.close()

    change = shop.propose(release(shop, "v2"))
    shop.said.clear()
    thread = threading.Thread(target=harm)
    with killing(monkeypatch, killer), guarded(shop) as guard:
        thread.start()
        outcome = shop.apply(change)
        seconds = time.monotonic() - began
        thread.join()
    assert not error, error
    twice = {mark: count for mark, count in killer.marks.items() if count > 1}
    assert not twice, twice
    if outcome.switched:
        shop.keep(change, outcome.verdict)
    return Played(outcome, seconds, guard, killer)


def until(holds: Callable[[], Any], seconds: float = 180) -> Any:
    """What it returns as soon as that is true."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.1)
    return found


@dataclass
class Node:
    """A node that may be disturbed, by the commands that were given; brought back at the end."""

    kube: Client
    lost: bool = False
    said: list[str] = field(default_factory=list)

    def pause(self) -> None:
        """Its kubelet stops; what runs goes on running."""
        self._run("TIMONEL_TEST_NODE_PAUSE")

    def lose(self) -> None:
        """All of it stops, and the cluster takes its pods for lost."""
        self._run("TIMONEL_TEST_NODE_STOP")
        taint = {"key": "test.timonel.dev/lost", "effect": "NoExecute"}
        self.kube.patch(kind_named("Node"), NODE, "", {"spec": {"taints": [taint]}}, manager="test")

    def back(self) -> None:
        """All of it runs again."""
        self._run("TIMONEL_TEST_NODE_START")
        self.kube.patch(kind_named("Node"), NODE, "", {"spec": {"taints": None}}, manager="test")

    def _run(self, name: str) -> None:
        subprocess.run(os.environ[name], shell=True, check=True, capture_output=True, timeout=300)


@pytest.fixture
def node(kube: Client) -> Iterator[Node]:
    found = Node(kube)
    yield found
    found.back()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_pod_of_the_new_release_that_is_deleted_comes_again(
    shop: ClusterStage, monkeypatch: pytest.MonkeyPatch, strategy: str
) -> None:
    shop.strategy(strategy)
    stand(shop, "v1")

    def delete() -> None:
        """Twice: as soon as there is one, and once more in the middle of what follows."""
        for wait in (0, 5):
            time.sleep(wait)
            pod = until(lambda: pods_of(shop, "v2"))[0]
            shop.kube.delete(kind_named("Pod"), pod["metadata"]["name"], shop.namespace)

    played = play(shop, monkeypatch, delete)
    assert (played.outcome.switched, played.outcome.verdict) == (True, Verdict.PASSED), played.outcome
    assert played.guard.worst >= 1 and shop.selected_ready() == 2


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_process_of_the_new_release_that_is_killed_while_it_comes_up_is_started_again(
    shop: ClusterStage, monkeypatch: pytest.MonkeyPatch, strategy: str
) -> None:
    shop.strategy(strategy)
    stand(shop, "v1")
    played = play(shop, monkeypatch, lambda: die(shop, lambda: pods_of(shop, "v2")))
    assert played.outcome.switched or strategy == "canary", played.outcome
    assert played.guard.worst >= 1 and shop.selected_ready() == 2


def die(shop: ClusterStage, pods: Callable[[], list[Json]]) -> None:
    """Let the process of the first of these pods end, as soon as it answers."""

    def asked() -> bool:
        for pod in pods():
            if any(status.get("restartCount") for status in pod["status"].get("containerStatuses") or []):
                return True
            try:
                shop.kube.ask("GET", f"/api/v1/namespaces/{shop.namespace}/pods/{pod['metadata']['name']}:8000/proxy/die")
            except ApiFailure as failure:
                if "refused" in failure.message or "no endpoints" in failure.message:
                    continue
                return True
        return False

    until(asked)


@needs_node
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_kubelet_that_comes_back_in_time_makes_it_late(
    shop: ClusterStage, monkeypatch: pytest.MonkeyPatch, node: Node, strategy: str
) -> None:
    shop.strategy(strategy)
    stand(shop, "v1")

    def pause() -> None:
        until(lambda: any(STEPS[strategy] in line for line in shop.said))
        node.pause()
        time.sleep(PATIENCE / 2)
        node.back()

    played = play(shop, monkeypatch, pause)
    assert (played.outcome.switched, played.outcome.verdict) == (True, Verdict.PASSED), played.outcome
    assert played.seconds > PATIENCE / 2
    assert played.guard.worst >= 1 and shop.selected_ready() == 2


@needs_node
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_kubelet_that_does_not_come_back_ends_the_patience_and_the_release_returns(
    shop: ClusterStage, monkeypatch: pytest.MonkeyPatch, node: Node, strategy: str
) -> None:
    shop.strategy(strategy)
    stand(shop, "v1")

    def pause() -> None:
        until(lambda: any(STEPS[strategy] in line for line in shop.said))
        node.pause()

    played = play(shop, monkeypatch, pause)
    assert (played.outcome.switched, played.outcome.verdict) == (False, Verdict.FAILED), played.outcome
    assert played.seconds < 2 * PATIENCE + 20, played
    assert shop.active is not None and shop.active.release.ref == "v1"
    assert played.guard.worst >= 1
    node.back()
    until(lambda: shop.selected_ready() == 2 and not pods_of(shop, "v2"))


@needs_node
@pytest.mark.parametrize("moment", ["coming up", "ready"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_node_that_is_lost_fails_the_release_or_moves_it_to_another_node(
    shop: ClusterStage, monkeypatch: pytest.MonkeyPatch, node: Node, strategy: str, moment: str
) -> None:
    shop.strategy(strategy)
    stand(shop, "v1")

    def lose() -> None:
        if moment == "coming up":
            until(lambda: any(STEPS[strategy] in line for line in shop.said))
        else:
            until(lambda: [pod for pod in pods_of(shop, "v2") if is_ready(pod)])
        node.lose()

    others = len(node_names(shop.kube)) > 1
    survives = any(pod["spec"]["nodeName"] != NODE for pod in pods_of(shop, "v1"))
    played = play(shop, monkeypatch, lose)
    if not others:
        assert (played.outcome.switched, played.outcome.verdict) == (False, Verdict.FAILED), played.outcome
        assert shop.active is not None and shop.active.release.ref == "v1"
        assert moment == "ready" or "Unschedulable" in played.outcome.summary, played.outcome.summary
    else:
        assert played.guard.worst >= 1 or not survives, "a pod on another node goes on answering"
    assert played.seconds < 8 * PATIENCE, played
    node.back()
    live = shop.active
    assert live is not None
    until(lambda: shop.selected_ready() == 2 and len(pods_of(shop, live.release.ref)) == 2)
    service = shop.live("Service", "shop")
    assert service is not None
    set_of = service["spec"]["selector"].get(parts.SET, "")
    assert set_of == live.rollout.get("set", ""), (service["spec"]["selector"], live.rollout)


def node_names(kube: Client) -> list[str]:
    """The nodes on which the pods may run."""
    chosen = ",".join(f"{name}={value}" for name, value in NODES.items())
    return [item["metadata"]["name"] for item in kube.listing(kind_named("Node"), "", labels=chosen).items]
