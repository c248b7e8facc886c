"""The identity that writes, less one right after the other (real RBAC): refused before anything is done, naming the right.

Three moments: when it is proposed; between the approval and the work; and a whole roll-out without all that no refusal named.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from controlplane.core.errors import Refused
from tests.accounts import Account, Right, account
from tests.cluster import kubeconfig
from tests.workloads.drivers.kubernetes.stage import MIGRATE, ClusterStage, cluster_stage
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.kinds import kind_named
from workloads.models import Change, Cluster, Deployment, Instance, Release, Target

pytestmark = [pytest.mark.cluster, pytest.mark.django_db(transaction=True)]
NAMESPACE = "driver"
KINDS = (
    *("Deployment", "Service", "ConfigMap", "Secret", "ServiceAccount", "Job", "Ingress", "NetworkPolicy", "PodDisruptionBudget"),
    *("HorizontalPodAutoscaler", "Role", "RoleBinding", "Pod", "ReplicaSet"),
)
# What every such roll-out needs, whatever else it does: a refusal that is missing here would be a defect.
SURELY = frozenset(
    {
        *(("apps", "deployments", verb) for verb in ("get", "list", "watch", "patch", "create", "delete")),
        *(("", kind, verb) for kind in ("configmaps", "secrets") for verb in ("get", "list", "patch", "create")),
        *(("", kind, verb) for kind in ("services", "serviceaccounts") for verb in ("get", "list", "patch")),
        *(("batch", "jobs", verb) for verb in ("get", "patch", "create", "delete")),
        *(("networking.k8s.io", kind, verb) for kind in ("ingresses", "networkpolicies") for verb in ("get", "list", "patch")),
        *(("policy", "poddisruptionbudgets", verb) for verb in ("get", "list", "patch", "create", "delete")),
        *(("autoscaling", "horizontalpodautoscalers", verb) for verb in ("get", "list", "patch")),
        *(("", "pods", "list"), ("", "pods/log", "get"), ("", "events", "list")),
    }
)
SOME = (
    *(("", "secrets", "patch"), ("apps", "deployments", "watch"), ("batch", "jobs", "create"), ("", "pods/log", "get")),
    *(("policy", "poddisruptionbudgets", "delete"), ("", "configmaps", "list")),
)


@pytest.fixture
def writer(kube: Client, namespace: str) -> Account:
    return account(kube, namespace, "write")


@pytest.fixture
def shop(transactional_db: None, kube: Client, namespace: str, writer: Account) -> ClusterStage:
    """Everything a small application can have, v0 of it live, written by an identity of its own."""
    found = cluster_stage(
        kube, kubeconfig(), namespace, replicas=2, rollout={"interval": 1, "threshold": 40, "steps": [50], "checks": "pods"}
    )
    Cluster.objects.update(write_credentials=writer.kubeconfig)
    found.options(
        hosts=["shop.example.com"],
        network={"enabled": True},
        make_namespace=False,
        processes={"web": {"replicas": None, "autoscale": {"min": 2, "max": 4}}},
        account={"rights": [{"resources": ["configmaps"], "verbs": ["get"]}]},
    )
    return found


def release(shop: ClusterStage, number: int) -> Release:
    """One worker comes, another one goes: so that there is something to make and to remove."""
    processes = {
        "web": ["gunicorn", "shop.wsgi", "--bind", "0.0.0.0:{port}"],
        f"worker{number}": ["celery", "-A", "shop", "worker"],
    }
    shop.options(processes={f"worker{number}": {"replicas": 2}})
    return shop.release(f"v{number}", plan={"processes": processes, "release_steps": MIGRATE})


def begin(shop: ClusterStage, strategy: str) -> Release:
    """v0 is live; v1 is the one to be tried."""
    shop.strategy(strategy)
    outcome = shop.deploy(release(shop, 0))
    assert outcome.switched, outcome
    target = Target.objects.get(environment=shop.environment)
    target.options["processes"].pop("worker0")
    target.save()
    return release(shop, 1)


def seen(shop: ClusterStage) -> Any:
    """Everything there is that the driver could write: each of its writes changes a mark on the object."""
    found = [one for kind in KINDS for one in shop.all(kind) if one["metadata"]["name"] != "timonel-writer"]
    for one in found:
        one.pop("status", None)
        one["metadata"] = {name: one["metadata"].get(name) for name in ("name", "uid", "labels", "annotations", "generation")}
    return found, Instance.objects.count(), Deployment.objects.filter(status__in=["applying", "verifying"]).count()


def named(right: Right) -> str:
    group, resource, verb = right
    plural, _, part = resource.partition("/")
    return f"{verb} {plural}{'.' + group if group else ''}{'/' + part if part else ''}"


def refused(shop: ClusterStage, writer: Account, rights: Iterable[Right], target: Release) -> set[Right]:
    """Those without which it may not even be proposed; each refusal names the right, and nothing was done."""
    found, before = set(), seen(shop)
    for right in rights:
        writer.lose(right)
        try:
            shop.propose(target)
        except Refused as error:
            assert named(right) in error.message, (right, error)
            assert error.cure, error
            found.add(right)
    writer.lose()
    assert seen(shop) == before
    return found


def held_back(shop: ClusterStage, writer: Account, change: Change, rights: Iterable[Right]) -> None:
    """The same Change, approved while every right was there, does nothing once one of them is gone."""
    before = seen(shop)
    for right in rights:
        writer.lose(right)
        with pytest.raises(Refused) as told:
            shop.apply(change)
        assert named(right) in told.value.message, (right, told.value)
    writer.lose()
    assert seen(shop) == before
    change.refresh_from_db()
    assert change.status == "approved"


def test_a_right_that_is_missing_is_named_and_nothing_is_done(shop: ClusterStage, writer: Account) -> None:
    target = begin(shop, "rolling")
    assert refused(shop, writer, SOME, target) == set(SOME)
    change = shop.propose(target)
    held_back(shop, writer, change, SOME)
    outcome = shop.apply(change)
    assert outcome.switched, outcome
    assert shop.selected_ready() == 2


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("strategy", ["rolling", "blue_green", "canary"])
def test_each_right_that_we_ask_for(shop: ClusterStage, writer: Account, strategy: str) -> None:
    target = begin(shop, strategy)
    needed = refused(shop, writer, writer.rights(), target)
    print(f"{strategy}: {len(needed)} of {len(writer.rights())} rights are needed")
    assert needed >= SURELY, SURELY - needed
    change = shop.propose(target)
    held_back(shop, writer, change, sorted(needed))
    writer.lose(*set(writer.rights()) - needed)
    outcome = shop.apply(change)
    assert outcome.switched, outcome
    assert shop.active is not None and shop.active.release_id == target.pk
    assert shop.selected_ready() == 2
    assert shop.live("Deployment", "shop-worker0") is None
    assert shop.live("Deployment", "shop-worker1") is not None


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_each_right_where_the_namespace_is_to_be_made(shop: ClusterStage, kube: Client, namespace: str) -> None:
    """Nothing can be tried there beforehand: everything that will be made is asked for."""
    writer, absent = account(kube, namespace, "write", everywhere=True), f"{namespace}-new"
    Cluster.objects.update(write_credentials=writer.kubeconfig)
    shop.options(make_namespace=True)
    Target.objects.update(namespace=absent)
    shop.namespace, target = absent, release(shop, 0)
    needed = set()
    for right in writer.rights():
        writer.lose(right)
        try:
            shop.propose(target)
        except Refused as error:
            assert named(right) in error.message or right[1] == "namespaces", (right, error)
            needed.add(right)
    assert {one[:2] for one in SURELY} - {("", "events")} <= {one[:2] for one in needed if one[2] in {"create", "get", "list"}}
    assert kube.get(kind_named("Namespace"), absent) is None
    writer.lose(*set(writer.rights()) - needed)
    try:
        assert shop.deploy(target).switched
        assert shop.selected_ready() == 2
    finally:
        kube.delete(kind_named("Namespace"), absent)
