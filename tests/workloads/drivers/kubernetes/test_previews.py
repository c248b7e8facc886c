"""What is shown before: diffs against the live cluster, secrets masked, what would be removed; refused when the world moved."""

from __future__ import annotations

import json

import pytest

from controlplane.core.errors import Conflict
from tests.workloads.drivers.kubernetes.stage import ClusterStage
from workloads.foreseen import read
from workloads.models import Change, Deployment, Target

pytestmark = [pytest.mark.cluster, pytest.mark.django_db(transaction=True)]
NAMESPACE = "driver"


def scale_by_hand(shop: ClusterStage, replicas: int) -> None:
    metadata = {"name": "shop-web", "namespace": shop.namespace}
    item = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replicas": replicas}}
    shop.kube.apply(item, manager="somebody", force=True)


def world_of(change: Change) -> dict[str, object]:
    return dict(json.loads(bytes(change.preview))["actions"][0]["world"])


def test_the_preview_shows_what_differs_and_no_secret(shop: ClusterStage) -> None:
    shop.deploy(shop.release("v1"))
    change = shop.propose(shop.release("v2"))
    found = read(world_of(change))
    shown = {one.title: one for one in found.differences}
    assert "Deployment/shop-web" in shown
    assert "image: registry.example/shop" in shown["Deployment/shop-web"].diff
    text = bytes(change.preview).decode()
    assert "hush-hush" not in text
    assert "aHVzaC1odXNo" not in text
    assert any(title.startswith("Secret/") for title in shown)
    assert "resourceVersion" not in text
    assert "managedFields" not in text


def test_looked_at_twice_the_same_is_foreseen(shop: ClusterStage) -> None:
    shop.deploy(shop.release("v1"))
    release = shop.release("v2")
    first, second = shop.propose(release), shop.propose(release)
    assert world_of(first) == world_of(second)


def test_a_world_that_moved_refuses_and_nothing_is_touched(shop: ClusterStage) -> None:
    shop.deploy(shop.release("v1"))
    change = shop.propose(shop.release("v2"))
    scale_by_hand(shop, 5)
    before = shop.live("Deployment", "shop-web")
    with pytest.raises(Conflict, match="moved on its cluster"):
        shop.apply(change)
    change.refresh_from_db()
    assert change.status == "cancelled"
    assert Deployment.objects.get(change=change).status == "cancelled"
    after = shop.live("Deployment", "shop-web")
    assert before is not None and after is not None
    assert after["metadata"]["generation"] == before["metadata"]["generation"]


def test_fields_of_others_are_shown_and_taken_over_once_approved(shop: ClusterStage) -> None:
    shop.deploy(shop.release("v1"))
    scale_by_hand(shop, 5)
    change = shop.propose(shop.release("v2"), approved=False)
    [clash] = next(one.clashes for one in read(world_of(change)).differences if one.clashes)
    assert (clash.manager, clash.fields) == ("somebody", (".spec.replicas",))
    assert not change.policy_approves
    assert any("takes fields over" in reason for reason in change.reasons)
    outcome = shop.apply(shop.propose(shop.release("v3")))
    assert outcome.switched, outcome
    web = shop.live("Deployment", "shop-web")
    assert web is not None and web["spec"]["replicas"] == 3


def test_what_the_release_has_no_more_is_shown_and_only_that_removed(shop: ClusterStage) -> None:
    processes = {"web": ["gunicorn", "shop.wsgi", "--bind", "0.0.0.0:{port}"], "worker": ["celery", "-A", "shop", "worker"]}
    shop.deploy(shop.release("v1", plan={"processes": processes}))
    assert shop.live("Deployment", "shop-worker") is not None
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    metadata = {"name": "media", "namespace": shop.namespace, "labels": {"timonel.dev/environment": str(shop.environment.pk)}}
    shop.kube.create({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": claim})
    change = shop.propose(shop.release("v2"))
    found = read(world_of(change))
    assert [removal.title for removal in found.removals if removal.asks] == [
        "Deployment/shop-worker",
        "PodDisruptionBudget/shop-worker",
    ]
    assert any("PersistentVolumeClaim/media is kept" in note for note in found.notes)
    assert any("removes what the release has no more" in reason for reason in change.reasons)
    assert shop.apply(change).switched
    assert shop.live("Deployment", "shop-worker") is None
    assert shop.live("PersistentVolumeClaim", "media") is not None


def test_an_unknown_option_says_where(shop: ClusterStage) -> None:
    Target.objects.update(options={"rollout": {"intervall": 3}})
    with pytest.raises(Exception, match=r"rollout\.intervall"):
        shop.propose(shop.release("v1"))
