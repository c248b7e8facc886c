"""Twelve ways in which an API server misbehaves, at any moment of a roll-out: the verdict is right and nothing is done twice."""

from __future__ import annotations

from collections import Counter

import pytest

from controlplane.core.errors import LeaseLost, Refused
from tests.fake_cluster import KINDS, FakeCluster
from tests.workloads.drivers.kubernetes.stage import MIGRATE, ClusterStage
from workloads.drivers.kubernetes.errand import errand
from workloads.models import Change, Environment, Instance

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hurried")]
METHODS = {"conflict": "PATCH", "gone": "GET", "cut_list": "GET", "slow_watch": "GET", "cut_watch": "GET", "half": "GET|PATCH"}


def doubled(cluster: FakeCluster) -> dict[tuple[str, str], int]:
    """What was written more than once by the same step."""
    found: Counter[tuple[str, str]] = Counter()
    for write in cluster.writes:
        notes = ((write.body or {}).get("metadata") or {}).get("annotations") or {}
        if write.method == "PATCH" and "timonel.dev/applied" in notes:
            found[write.path, notes["timonel.dev/applied"]] += 1
    return {key: count for key, count in found.items() if count > 1}


def misbehave(shop: ClusterStage, cluster: FakeCluster, kind: str, after: int, strategy: str, outcome: str) -> None:
    """One roll-out with one fault at one moment; it must end as it would without."""
    plan = {"release_steps": MIGRATE if outcome == "ready" else []}
    shop.options(labels={"lab/outcome": "ready"})
    shop.strategy(strategy)
    assert shop.deploy(shop.release(f"sound-{kind}-{after}", plan=plan)).switched
    before = shop.active
    shop.options(labels={"lab/outcome": outcome})
    release = shop.release(f"tried-{kind}-{after}", plan=plan)
    cluster.writes.clear()
    change = shop.propose(release)
    cluster.fault(kind, method=METHODS.get(kind, ""), after=after, times=2 if kind == "refused" else 1, seconds=0.2)
    result = shop.apply(change)
    cluster.faults.waiting.clear()
    assert doubled(cluster) == {}
    change = Change.objects.get(pk=change.pk)
    if outcome == "ready":
        assert (result.switched, change.status) == (True, "applied"), result
        assert shop.active is not None and shop.active.release_id == release.pk
        shop.keep(change)
    else:
        assert (result.switched, change.status, shop.active) == (False, "failed", before), result
    assert shop.selected_ready() == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_roll_out_survives(pretended: ClusterStage, cluster: FakeCluster, kind: str) -> None:
    misbehave(pretended, cluster, kind, KINDS.index(kind) * 2, "rolling", "ready" if KINDS.index(kind) % 2 else "crash")


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", KINDS)
def test_a_roll_out_survives_at_twenty_five_moments(pretended: ClusterStage, cluster: FakeCluster, kind: str) -> None:
    for number in range(25):
        strategy = ("rolling", "blue_green", "canary")[number % 3]
        misbehave(pretended, cluster, kind, number * 3, strategy, "crash" if number % 4 == 3 else "ready")


def test_a_worker_whose_lease_was_lost_writes_nothing_more(pretended: ClusterStage, cluster: FakeCluster) -> None:
    shop = pretended
    shop.deploy(shop.release("v1"))
    change = shop.propose(shop.release("v2"))
    Environment.objects.update(fence=7)
    web = shop.live("Deployment", "shop-web")
    assert web is not None
    web["metadata"]["annotations"]["timonel.dev/fence"] = "99"
    cluster.put(web)
    Change.objects.filter(pk=change.pk).update(status="approved")
    with pytest.raises(LeaseLost):
        errand(shop.environment, "late", shop.say).pen.put(web)


@pytest.mark.parametrize(
    "right", ["patch deployments", "list pods", "get pods/log", "patch secrets", "watch deployments", "patch services"]
)
def test_a_missing_right_is_named_before_anything_is_done(pretended: ClusterStage, cluster: FakeCluster, right: str) -> None:
    cluster.denied = {right}
    with pytest.raises(Refused, match=right.replace("deployments", "deployments.apps")):
        pretended.propose(pretended.release("v1"))
    assert cluster.writes == []
    assert not Instance.objects.exists()


def test_a_namespace_made_by_hand_needs_no_right_on_namespaces(pretended: ClusterStage, cluster: FakeCluster) -> None:
    cluster.denied = {f"{verb} namespaces" for verb in ("get", "list", "create", "patch")}
    assert pretended.deploy(pretended.release("v1")).switched
    assert not any(write.path.endswith("/namespaces/shop") for write in cluster.writes)
