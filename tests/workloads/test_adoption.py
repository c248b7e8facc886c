"""Adopting what already runs: rows, the preview of the first apply, its apply, and the way back to what was found."""

from __future__ import annotations

import io
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from controlplane.core.actors import Actor
from controlplane.core.errors import TimonelError
from controlplane.core.models import AuditEntry
from tests.cluster import kubeconfig
from tests.fake_cluster import FakeCluster
from tests.workloads.adopting.live import IMAGE, Json, config, ingress, service, web
from tests.workloads.drivers.kubernetes.stage import ClusterStage
from tests.workloads.projects import project, repository
from workloads import adoption
from workloads.adapters.kubernetes.access import Access
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.kinds import kind_named
from workloads.adoption import Adopted, Asked
from workloads.foreseen import read
from workloads.models import Application, Change, Cluster, Deployment, Environment, Instance, Release, Target, Variable
from workloads.verdicts import Verdict

TERMINAL = Actor.system("terminal (test)")
ASKED = Asked("shop", "production", "lab", "shop", commit="main")
NAMESPACE = "adopt"


@pytest.fixture
def application(db: None, tmp_path: Path) -> Application:
    return Application.objects.create(name="shop", repository=str(repository(project(tmp_path / "shop"))))


@pytest.fixture
def cluster(application: Application) -> Any:
    with FakeCluster(controllers=True) as found:
        found.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
        Cluster.objects.create(name="lab", read_credentials=found.kubeconfig, write_credentials=found.kubeconfig)
        yield found


def put(cluster: FakeCluster, *items: Json) -> None:
    for item in items:
        cluster.put({**item, "metadata": {**item["metadata"], "namespace": "shop"}})


def hurry() -> None:
    rollout = {"interval": 2, "threshold": 5, "checks": "pods"}
    for target in Target.objects.all():
        target.options["rollout"] = rollout
        target.save()


def stage_of(adopted: Adopted, kube: Client, namespace: str) -> ClusterStage:
    return ClusterStage(adopted.environment, kube, namespace)


def until_it_stands(kube: Client, namespace: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        live = kube.get(kind_named("Deployment"), "web", namespace)
        if live and (live.get("status") or {}).get("readyReplicas") == 3:
            return
        time.sleep(0.5)
    pytest.fail("what is to be adopted does not stand")


def world(change: Change) -> Any:
    return read(json.loads(bytes(change.preview))["actions"][0]["world"])


def test_what_runs_becomes_a_target_a_release_and_a_change_and_the_cluster_is_not_touched(cluster: FakeCluster) -> None:
    put(cluster, config(), web(), service(), ingress(), web("blog", labels={"app": "blog"}))
    cluster.writes.clear()
    adopted = adoption.adopt(TERMINAL, ASKED)
    assert cluster.writes == []
    assert (adopted.release.image, adopted.target.image_repository) == (IMAGE, "registry.example/team/shop")
    assert (adopted.target.strategy, adopted.target.namespace) == ("blue_green", "shop")
    assert adopted.change.status == "waiting" and not adopted.change.policy_approves
    assert adopted.taken_over == ("Service/shop",)
    assert adopted.foreign == ("Deployment/blog",)
    assert dict(Variable.objects.values_list("name", "value")) == {"GREETING": "hello", "COLOUR": "blue"}
    taken = {one.title: one.clashes for one in world(adopted.change).differences if one.clashes}
    assert set(taken) == {"Service/shop"}
    assert taken["Service/shop"][0].manager == "put"
    assert any("takes fields over" in reason for reason in adopted.change.reasons)
    assert world(adopted.change).removals == ()
    assert AuditEntry.objects.filter(action="environment.adopt").count() == 1


def test_the_first_apply_takes_the_traffic_and_the_way_back_leads_to_what_was_found(cluster: FakeCluster) -> None:
    put(cluster, config(), web(), service())
    adopted = adoption.adopt(TERMINAL, ASKED)
    hurry()
    found = Instance.objects.get()
    shop = stage_of(adopted, Client(Access(cluster.kubeconfig)), "shop")
    outcome = shop.deploy(adopted.release)
    assert (outcome.switched, outcome.verdict) == (True, Verdict.PASSED), outcome
    live = shop.live("Service", "shop")
    assert live is not None and live["spec"]["selector"]["timonel.dev/set"].startswith(f"r{adopted.release.pk}-")
    assert shop.live("Deployment", "web") is not None
    assert shop.roll_back().switched
    returned = shop.live("Service", "shop")
    assert returned is not None and returned["spec"]["selector"] == {"app": "shop", "role": "web"}
    assert shop.active == found


def test_a_first_apply_that_fails_leaves_the_traffic_with_what_was_found(cluster: FakeCluster) -> None:
    put(cluster, config(), web(), service())
    adopted = adoption.adopt(TERMINAL, ASKED)
    target = Target.objects.get()
    target.options |= {"labels": {"lab/outcome": "crash"}, "rollout": {"interval": 1, "threshold": 3, "checks": "pods"}}
    target.save()
    shop = stage_of(adopted, Client(Access(cluster.kubeconfig)), "shop")
    outcome = shop.apply(shop.propose(adopted.release))
    assert (outcome.switched, outcome.verdict) == (False, Verdict.FAILED), outcome
    returned = shop.live("Service", "shop")
    assert returned is not None and returned["spec"]["selector"] == {"app": "shop", "role": "web"}
    assert Deployment.objects.get(status="live").release.ref.endswith("as found")


def test_an_ingress_of_our_name_is_taken_over_and_workers_are_removed_once_ours_stand(cluster: FakeCluster) -> None:
    queue = web("queue", container={"command": ["celery", "-A", "shop", "worker"], "ports": []})
    put(cluster, config(), web(), queue, service(), ingress("shop"))
    adopted = adoption.adopt(TERMINAL, ASKED)
    assert adopted.taken_over == ("Service/shop", "Ingress/shop")
    assert [(found.title, found.asks) for found in world(adopted.change).removals] == [("Deployment/queue", True)]
    assert any(note.startswith("Deployment/queue: removed once our own stand") for note in adopted.notes)
    hurry()
    shop = stage_of(adopted, Client(Access(cluster.kubeconfig)), "shop")
    assert shop.deploy(adopted.release).switched
    assert shop.live("Deployment", "queue") is None and shop.live("Deployment", "shop-queue") is not None
    assert shop.roll_back().switched
    assert shop.live("Deployment", "queue") is not None


def test_beside_a_service_of_another_name_nothing_foreign_is_touched(cluster: FakeCluster) -> None:
    put(cluster, config(), web(), service("web"), ingress(to="web"))
    adopted = adoption.adopt(TERMINAL, ASKED)
    assert not Instance.objects.exists() and adopted.taken_over == ()
    assert any("Requests still come to Service web" in note for note in adopted.notes)
    hurry()
    cluster.writes.clear()
    outcome = stage_of(adopted, Client(Access(cluster.kubeconfig)), "shop").deploy(adopted.release)
    assert outcome.switched, outcome
    assert not any(write.path.endswith(("/services/web", "/deployments/web", "/ingresses/public")) for write in cluster.writes)


BEAT = {"command": ["celery", "-A", "shop", "beat"], "ports": []}


@pytest.mark.parametrize(
    ("items", "asked", "said"),
    [
        ((), {"application": "blog"}, "There is no application blog"),
        ((), {"cluster": "other"}, "There is no cluster other"),
        ((), {}, "No Deployment runs"),
        ((config(), web(), service()), {"commit": ""}, "which commit"),
        ((config(), web(), service()), {"commit": "v9"}, "no tag, branch or commit"),
        ((config(), web(container={"image": "127.0.0.1:9/shop:1"}), service()), {}, "not known exactly"),
        ((config(), web(), service("web"), web("beat", container=BEAT)), {}, "would run twice"),
        ((config(), web(), service(), web("shop-queue", container=BEAT)), {}, "selectors cannot be changed"),
        ((config(), web(), service()), {"environment": "Not A Name"}, "not the name of an environment"),
    ],
)
def test_a_refusal_says_why_and_leaves_no_row(cluster: FakeCluster, items: tuple[Json, ...], asked: Json, said: str) -> None:
    put(cluster, *items)
    with pytest.raises(TimonelError, match=said) as refused:
        adoption.adopt(TERMINAL, replace(ASKED, **asked))
    assert refused.value.cure
    assert not (Environment.objects.exists() or Target.objects.exists() or Release.objects.exists() or Change.objects.exists())


@pytest.mark.parametrize(
    ("right", "said"), [("list deployments", "may not list deployments"), ("patch services", "patch services")]
)
def test_a_missing_right_is_named_and_leaves_no_row(cluster: FakeCluster, right: str, said: str) -> None:
    put(cluster, config(), web(), service())
    cluster.denied = {right}
    with pytest.raises(TimonelError, match=said):
        adoption.adopt(TERMINAL, ASKED)
    assert not Environment.objects.exists() and not Change.objects.exists()


def test_a_namespace_or_an_environment_is_adopted_once(cluster: FakeCluster) -> None:
    put(cluster, config(), web(), service())
    adoption.adopt(TERMINAL, ASKED)
    with pytest.raises(TimonelError, match="is in lab/shop already"):
        adoption.adopt(TERMINAL, replace(ASKED, environment="other"))


def test_the_terminal_says_what_is_taken_over_and_what_stays(cluster: FakeCluster) -> None:
    put(cluster, config(), web(), service(), ingress(), web("blog", labels={"app": "blog"}))
    out = io.StringIO()
    call_command("adopt", "shop", "production", "--cluster", "lab", "--namespace", "shop", "--commit", "main", stdout=out)
    said = out.getvalue()
    assert f"shop/production is lab/shop: {IMAGE}" in said
    assert "Service/shop: " in said and "from put" in said
    assert "Stays foreign: Deployment/blog" in said
    with pytest.raises(CommandError, match="There is no cluster other"):
        call_command("adopt", "shop", "more", "--cluster", "other", "--namespace", "shop")


@pytest.mark.cluster
@pytest.mark.django_db(transaction=True)
def test_on_a_real_cluster_it_is_adopted_applied_and_returned(application: Application, kube: Client, namespace: str) -> None:
    text = kubeconfig()
    Cluster.objects.create(name="lab", read_credentials=text, write_credentials=text)
    for item in (config(), web(nodeSelector={"type": "kwok"}), service(), ingress()):
        kube.apply({**item, "metadata": {**item["metadata"], "namespace": namespace}}, manager="kubectl")
    until_it_stands(kube, namespace)
    adopted = adoption.adopt(TERMINAL, replace(ASKED, namespace=namespace))
    taken = {one.title: one.clashes for one in world(adopted.change).differences if one.clashes}
    assert [(clash.manager, ".spec.selector" in clash.fields) for clash in taken["Service/shop"]] == [("kubectl", True)]
    target = Target.objects.get()
    target.options |= {"labels": {"lab/outcome": "ready"}}
    target.save()
    hurry()
    shop = stage_of(adopted, kube, namespace)
    outcome = shop.deploy(adopted.release)
    assert (outcome.switched, outcome.verdict) == (True, Verdict.PASSED), outcome
    assert shop.selected_ready() == 3
    assert shop.roll_back().switched
    live = shop.live("Service", "shop")
    assert live is not None and live["spec"]["selector"] == {"app": "shop", "role": "web"}
    assert shop.selected_ready() == 3
