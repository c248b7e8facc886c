"""Every kind of repair on a real cluster: shown, approved, applied, verified, and taken back where that is possible."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator

import pytest

from controlplane.core.actors import Actor
from controlplane.core.errors import TimonelError
from controlplane.core.models import User
from tests.cluster import kubeconfig
from tests.workloads.drivers.kubernetes import repair_cases
from tests.workloads.drivers.kubernetes.repair_cases import CASES, Case
from tests.workloads.drivers.kubernetes.stage import KWOK, SYSTEM, ClusterStage, cluster_stage
from tests.workloads.stage import decide
from workloads import carrying, changes, mending
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.kinds import Json, kind_named
from workloads.drivers.kubernetes.repairing import trying
from workloads.models import Change, Release
from workloads.repairs import KINDS

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.slow,
    pytest.mark.timeout(2400),
    pytest.mark.django_db(transaction=True),
]
NAMESPACE = "actions"
IMAGE = os.environ.get("TIMONEL_TEST_IMAGE", "")


@pytest.fixture
def yard(transactional_db: None, kube: Client, namespace: str) -> Iterator[ClusterStage]:
    """Where it happens: pods that really run where there is an image for them, otherwise such that are pretended.

    What belongs to no namespace is removed afterwards.
    """
    web = {"cpu": "20m", "memory": "64Mi", "replicas": 2}
    where = {"node_selector": json.loads(os.environ.get("TIMONEL_TEST_NODES", "{}"))} if IMAGE else KWOK
    rollout = {"interval": 20, "threshold": 6, "checks": "pods"}
    shop = cluster_stage(kube, kubeconfig(), namespace, rollout=rollout, scheduling=where, processes={"web": web})
    yield shop
    for kind in ("PersistentVolume", "StorageClass", "Node"):
        for item in shop.kube.listing(kind_named(kind)).items:
            if item["metadata"]["name"].startswith(f"{shop.namespace}-"):
                shop.kube.delete(kind_named(kind), item["metadata"]["name"])


def release(shop: ClusterStage, word: str) -> Release:
    """One that serves pages, where there is an image to do so."""
    if not IMAGE:
        return shop.release(word)
    serve = ["python", "-m", "http.server", "{port}", "--directory", "/tmp"]
    return shop.release(word, plan={"processes": {"web": serve}}, image=IMAGE)


def carried(change: Change, *people: User, seconds: float = 30.0) -> Change:
    """Approved by as many as it takes, applied, and looked at."""
    for person in people[: change.quorum]:
        decide(change, person)
    if seconds < 30:
        changes.apply(change.pk, key=f"restore-{change.pk}", fence=1, say=lambda *_, **__: None)
        mending.verify(SYSTEM, Change.objects.get(pk=change.pk), say=lambda *_, **__: None, seconds=seconds)
    else:
        assert carrying.carry_through(change.pk, fence=1)
    return Change.objects.get(pk=change.pk)


def verdict(change: Change) -> tuple[str, str]:
    return change.status, change.result.get("verification", {}).get("verdict", str(change.result.get("outcome")))


def mend(shop: ClusterStage, case: Case, alice: User, *people: User) -> str:
    """One case from fault to undo; what went wrong, or nothing."""
    repair_cases.until(lambda: shop.selected_ready() >= 2)
    shop.environment.refresh_from_db()
    repair = case.inject(shop)
    change = mending.propose(Actor.person(alice), shop.environment, repair, idempotency_key=f"{case.kind}-{repair.ref.name}")
    done = carried(change, *people, seconds=30.0 if case.verdict == "passed" else 3.0)
    if verdict(done) != ("applied", case.verdict):
        return f"{verdict(done)}: {done.result.get('verification', done.result)}"
    try:
        back = mending.propose_undo(Actor.person(alice), done, idempotency_key=f"undo-{done.pk}")
    except TimonelError as error:
        return f"not undone: {error}" if case.undone else ""
    if not case.undone:
        return "it could be undone"
    undone = carried(back, *people)
    if verdict(undone) != ("applied", "passed"):
        return f"undo {verdict(undone)}: {undone.result.get('verification', undone.result)}"
    return ""


def heal(shop: ClusterStage, sound: dict[str, Json]) -> None:
    """As it was rolled out, for the next case."""
    shop.kube.delete(kind_named("ResourceQuota"), "small", shop.namespace)
    for kind, name in (("Deployment", repair_cases.WEB), ("Service", "shop")):
        live = shop.live(kind, name)
        spec = {"spec": sound[kind]["spec"]}
        if live is None:
            repair_cases.make(shop, sound[kind]["apiVersion"], kind, name, **spec)
        elif change := trying.merge_patch({"spec": live["spec"]}, spec):
            repair_cases.edit(shop, kind, name, change)


def test_each_kind_is_applied_verified_and_undone(
    yard: ClusterStage, alice: User, bob: User, admin: User, capsys: pytest.CaptureFixture[str]
) -> None:
    assert yard.deploy(release(yard, "v1")).switched
    sound = {kind: yard.live(kind, name) or {} for kind, name in (("Deployment", repair_cases.WEB), ("Service", "shop"))}
    began, took, wrong = time.monotonic(), {}, {}
    for case in CASES:
        start = time.monotonic()
        try:
            if said := mend(yard, case, alice, bob, admin):
                wrong[case.kind] = said
        except (TimonelError, AssertionError, KeyError) as error:
            wrong[case.kind] = str(error)
        took[case.kind] = time.monotonic() - start
        with capsys.disabled():
            print(f"\n{case.kind} {took[case.kind]:.1f} s {wrong.get(case.kind, 'as it should')}", end="", flush=True)
        heal(yard, sound)
    with capsys.disabled():
        told = ", ".join(f"{kind} {seconds:.1f}" for kind, seconds in took.items())
        print(f"\n{len(CASES)} kinds of repair in {sum(took.values()):.0f} s ({time.monotonic() - began:.0f} with healing): {told}")
    assert wrong == {}
    assert {case.kind for case in CASES} == set(KINDS) - {"put_back", "remove_created"}
