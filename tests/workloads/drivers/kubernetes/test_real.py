"""On a node that really runs images: pages asked through the proxy, logs of the migration, 0 failed requests while it rolls.

`TIMONEL_TEST_IMAGE` names an image with Python by digest that the cluster can pull; `TIMONEL_TEST_NODES` (JSON) selects the nodes
that really run. Without the first these tests are told as not run.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import User
from tests.cluster import kubeconfig
from tests.workloads.drivers.kubernetes.stage import ClusterStage, cluster_stage
from tests.workloads.stage import decide
from workloads import carrying, diagnoses, drift, mending
from workloads.adapters.kubernetes import proxied
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.kinds import kind_named
from workloads.adapters.probes import Probe
from workloads.drivers.kubernetes import KubernetesDriver
from workloads.models import Diagnosis
from workloads.snapshots import taking
from workloads.verdicts import Verdict

IMAGE = os.environ.get("TIMONEL_TEST_IMAGE", "")
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.timeout(400),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not IMAGE, reason="no image that really runs: set TIMONEL_TEST_IMAGE"),
]
NAMESPACE = "driver"
SERVE = "import http.server as h,sys;w=sys.argv[1].encode();x=type('X',(h.BaseHTTPRequestHandler,),{'do_GET':lambda s:(s.send_response(200),s.send_header('Content-Type','text/html'),s.send_header('Content-Length',str(len(w))),s.end_headers(),s.wfile.write(w)),'log_message':lambda *a:None});h.ThreadingHTTPServer(('',int(sys.argv[2])),x).serve_forever()"  # noqa: E501
GREET = SERVE.replace("sys.argv[1].encode()", 'f\'{sys.argv[1]} {__import__("os").environ["GREETING"]}\'.encode()')
MIGRATE = "print('Applying shop.0001_initial... OK', flush=True)"
BROKEN = "print('Applying shop.0002_wrong...', flush=True); raise SystemExit('relation is missing')"


@pytest.fixture
def shop(transactional_db: None, kube: Client, namespace: str) -> ClusterStage:
    nodes = json.loads(os.environ.get("TIMONEL_TEST_NODES", "{}"))
    rollout = {"interval": 8, "threshold": 4, "steps": [50]}
    found = cluster_stage(kube, kubeconfig(), namespace, replicas=2, rollout=rollout, scheduling={"node_selector": nodes})
    web = {"cpu": "20m", "memory": "64Mi", "replicas": 2}
    found.options(hosts=["shop.example.com"], route={"kind": "none"}, processes={"web": web})
    return found


def release(shop: ClusterStage, word: str, *, migrate: str = MIGRATE, argv: list[str] | None = None) -> Any:
    web = argv or ["python", "-c", SERVE, word, "{port}"]
    steps = [{"name": "migrate", "run": ["python", "-c", migrate], "when": "release"}]
    plan = {"processes": {"web": web}, "release_steps": steps, "pages": ["/"], "health_path": "/"}
    return shop.release(word, plan=plan, image=IMAGE)


@dataclass
class Steady:
    """Twenty requests a second through the stable Service, all the time."""

    door: proxied.Door
    seen: list[Probe] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Steady:
        self.threads = [threading.Thread(target=self._ask) for _ in range(2)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def _ask(self) -> None:
        while not self.stop.wait(0.1):
            self.seen.append(proxied.get(self.door, "/", deadline=10))


@pytest.mark.parametrize(
    "strategy", ["rolling", *(pytest.param(name, marks=pytest.mark.slow) for name in ("blue_green", "canary"))]
)
def test_v1_to_v2_without_a_failed_request(shop: ClusterStage, strategy: str) -> None:
    shop.strategy(strategy)
    first = shop.deploy(release(shop, "v1"))
    assert first.switched, first
    assert any("Applying shop.0001_initial... OK" in line for line in shop.said)
    with Steady(proxied.Door(shop.kube, shop.namespace, "shop", "shop.example.com")) as steady:
        outcome = shop.deploy(release(shop, "v2"))
    assert (outcome.switched, outcome.verdict) == (True, Verdict.PASSED), outcome
    failed = [probe for probe in steady.seen if probe.status != 200]
    assert not failed, (len(failed), len(steady.seen), failed[0])
    assert {probe.body for probe in steady.seen} >= {"v1", "v2"}
    assert shop.active is not None
    watched = KubernetesDriver().observe(shop.environment, shop.active, 12.0, shop.say)
    slow_machine = watched.verdict is Verdict.INCONCLUSIVE and watched.summary.startswith("v2: latency p99:")
    assert watched.verdict is Verdict.PASSED or slow_machine, watched


def answer(shop: ClusterStage) -> str:
    return proxied.get(proxied.Door(shop.kube, shop.namespace, "shop", "shop.example.com"), "/", deadline=10).body


@pytest.mark.slow
def test_drift_is_mended_after_approval_and_configuration_returns_with_the_release(
    shop: ClusterStage, alice: User, bob: User
) -> None:
    """The pages themselves tell which release answers, and what its ConfigMap says."""
    for word in ("v1", "v2"):
        assert shop.deploy(release(shop, word, argv=["python", "-c", GREET, word, "{port}"])).switched
    assert answer(shop) == "v2 v2"
    web = shop.live("Deployment", "shop-web")
    assert web is not None
    [container] = web["spec"]["template"]["spec"]["containers"]
    container["env"] = [*container.get("env", []), {"name": "GREETING", "value": "by hand"}]
    by_hand = {"spec": {"template": {"spec": {"containers": [container]}}}}
    shop.kube.patch(kind_named("Deployment"), "shop-web", shop.namespace, by_hand, manager="kubectl-edit")
    until(lambda: answer(shop) == "v2 by hand")
    found = drift.look(shop.environment)
    assert found is not None and [one.title for one in drift.shown(found).differences] == ["Deployment/shop-web"]
    change = drift.propose_restore(Actor.person(alice), found)
    assert answer(shop) == "v2 by hand", "nothing is corrected without approval"
    decide(change, bob)
    assert carrying.carry_through(change.pk, fence=2)
    until(lambda: answer(shop) == "v2 v2")
    assert shop.roll_back().switched
    until(lambda: answer(shop) == "v1 v1")


def until(holds: Callable[[], bool], seconds: float = 120) -> None:
    """Wait for it: the cluster takes its time to replace pods."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.5)


@pytest.mark.slow
def test_a_migration_that_fails_changes_no_pod_and_tells_why(shop: ClusterStage) -> None:
    shop.deploy(release(shop, "v1"))
    before = shop.live("Deployment", "shop-web")
    outcome = shop.deploy(release(shop, "v2", migrate=BROKEN))
    assert (outcome.switched, outcome.verdict) == (False, Verdict.FAILED)
    assert "migration Job failed" in outcome.summary
    assert any("relation is missing" in str(piece.body) for piece in outcome.evidence), outcome.evidence
    after = shop.live("Deployment", "shop-web")
    assert before is not None and after is not None
    assert before["metadata"]["generation"] == after["metadata"]["generation"]


@pytest.mark.slow
def test_a_program_that_ends_at_once_returns_with_its_last_words(shop: ClusterStage) -> None:
    shop.deploy(release(shop, "v1"))
    outcome = shop.deploy(release(shop, "v2", argv=["python", "-c", "raise SystemExit('no settings module')", "{port}"]))
    assert not outcome.switched
    assert "CrashLoopBackOff" in outcome.summary, outcome
    assert any("no settings module" in str(piece.body) for piece in outcome.evidence if piece.kind == "log")
    assert shop.selected_ready() == 2


@pytest.mark.slow
def test_a_secret_that_somebody_deleted_is_found_and_returns_as_it_was(shop: ClusterStage, alice: User, bob: User) -> None:
    assert shop.deploy(release(shop, "v1")).switched
    [secret] = shop.all("Secret")
    scaled(shop, 0)  # it is immutable, so the kubelet keeps it for as long as a pod has it
    until(lambda: not shop.all("Pod", "app.kubernetes.io/component=web"))
    shop.kube.delete(kind_named("Secret"), secret["metadata"]["name"], shop.namespace)
    scaled(shop, 2)
    found: list[Diagnosis] = []

    def missing() -> bool:
        found[:] = [diagnoses.live_one(Actor.system("test"), taking.scope_of(shop.environment))[0]]
        return any(one["fault"] == "missing_secret_binding" for one in found[0].hypotheses[:1])

    until(missing)
    offer = next(one for one in mending.offered(Actor.person(alice), found[0]) if one.kind == "create_declared")
    assert offer.repair is not None and not offer.why_not and "hush" not in str(offer.world)
    change = mending.propose(Actor.person(alice), shop.environment, offer.repair, idempotency_key="k")
    decide(change, bob)
    assert carrying.carry_through(change.pk, fence=1)
    change.refresh_from_db()
    assert change.result["verification"]["verdict"] == "passed", change.result
    again = shop.live("Secret", secret["metadata"]["name"])
    assert again is not None and again["data"] == secret["data"] and answer(shop) == "v1"


def scaled(shop: ClusterStage, replicas: int) -> None:
    """As somebody with kubectl does it."""
    shop.kube.patch(kind_named("Deployment"), "shop-web", shop.namespace, {"spec": {"replicas": replicas}}, manager="kubectl")
