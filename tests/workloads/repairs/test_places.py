"""Where pods run and what they may take: nodes, taints, claims, quotas; offers that the cluster at hand can satisfy."""

from __future__ import annotations

from typing import Any

import pytest

from controlplane.core.errors import Conflict, Invalid
from tests.workloads.repairs.shop import (
    Json,
    about,
    carried_out,
    deployment,
    live,
    named,
    node,
    pod,
    service,
    template,
    view,
    written,
)
from workloads.diagnosis.snapshot import LogFile
from workloads.repairs import KINDS, Ref, Repair, Risk, after, invariant, offers, undone, wanted


def waiting(made: Json) -> Json:
    found = pod("web", made, ready=False)
    found["spec"].pop("nodeName")
    found["status"] = {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]}
    return found


def stuck(*nodes: Json, **spec: Any) -> list[Json]:
    made = template(pod=spec)
    return [deployment("web", made=made), waiting(made), *nodes]


@pytest.mark.parametrize(
    ("wanted_labels", "mended"),
    [({"disk": "sssd"}, {"disk": "ssd"}), ({"disc": "ssd"}, {"disk": "ssd"}), ({"gpu": "a100", "disk": "ssd"}, {"disk": "ssd"})],
)
def test_a_node_selector_is_mended_to_what_nodes_have(wanted_labels: Json, mended: Json) -> None:
    objects = stuck(node(labels={"disk": "ssd"}), node("node-b", {"disk": "hdd"}), nodeSelector=wanted_labels)
    offer = offers(view(*objects), about("node_selector_mismatch"))[0]
    made = written(objects, offer)
    assert (live(made, offer.ref) or {})["spec"]["template"]["spec"]["nodeSelector"] == mended
    assert [invariant(offer, each).holds for each in (objects, made, carried_out(made))] == [False, None, True]


def test_a_constraint_is_left_alone_where_lifting_it_helps_nobody() -> None:
    tainted = node(taints=[{"key": "team", "value": "data", "effect": "NoSchedule"}])
    assert offers(view(*stuck(tainted, nodeSelector={"gpu": "a100"})), about("node_selector_mismatch")) == ()


@pytest.mark.parametrize("key", ["node.kubernetes.io/disk-pressure", "node-role.kubernetes.io/control-plane"])
def test_a_taint_that_tells_of_trouble_is_never_tolerated(key: str) -> None:
    objects = stuck(node(taints=[{"key": key, "effect": "NoSchedule"}]))
    assert offers(view(*objects), about("taint_toleration_mismatch")) == ()


def test_a_taint_is_tolerated_exactly_beside_what_is_tolerated_already() -> None:
    before = [{"key": "a", "operator": "Exists"}]
    objects = stuck(node(taints=[{"key": "team", "value": "data", "effect": "NoExecute"}]), tolerations=before)
    (offer,) = offers(view(*objects), about("taint_toleration_mismatch"))
    added = {"key": "team", "operator": "Equal", "value": "data", "effect": "NoExecute"}
    assert offer.parameters["edits"][0]["to"] == [*before, added]


def test_the_node_with_the_most_room_is_uncordoned_first_and_a_dead_one_never() -> None:
    full = pod("api") | {
        "spec": {"nodeName": "node-a", "containers": [{"name": "api", "resources": {"requests": {"memory": "7Gi"}}}]}
    }
    dead = node("node-c", unschedulable=True) | {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
    objects = [*stuck(node(unschedulable=True), node("node-b", unschedulable=True), dead), full]
    found = offers(view(*objects), about("node_cordon_mismatch"))
    assert [each.ref.name for each in found] == ["node-b", "node-a"]
    back = undone(found[0], objects[3])
    assert back is not None and back.kind == "cordon"
    with pytest.raises(Conflict, match="not cordoned any more"):
        wanted(found[0], node("node-b"))


def test_a_node_is_cordoned_only_while_others_take_pods() -> None:
    assert [each.kind for each in offers(view(node(), node("node-b")), about("kubelet_unavailable", "node/node-a"))] == ["cordon"]
    assert offers(view(node(), node("node-b", unschedulable=True)), about("kubelet_unavailable", "node/node-a")) == ()


def test_a_request_is_lowered_to_what_is_free_and_never_raised() -> None:
    made = template(resources={"requests": {"cpu": "12"}})
    busy = pod("api") | {"spec": {"nodeName": "node-a", "containers": [{"name": "api", "resources": {"requests": {"cpu": "1"}}}]}}
    objects = [deployment("web", made=made), waiting(made), node(), busy]
    (offer,) = offers(view(*objects), about("cpu_capacity_mismatch"))
    assert offer.parameters["lines"] == [{"part": "requests", "resource": "cpu", "was": "12", "to": "1500m"}]
    with pytest.raises(Invalid, match="may have"):
        wanted(offer, deployment("web", made=template(resources={"requests": {"cpu": "12"}, "limits": {"cpu": "1"}})))


def claims(asked: Json, volume: Json, *more: Json) -> list[Json]:
    made = template(pod={"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]})
    claim = named("PersistentVolumeClaim", "data", spec=asked, status={"phase": "Pending"})
    return [deployment("web", made=made), waiting(made), claim, node(), *more, volume]


def volume(phase: str = "Available", **spec: Any) -> Json:
    usual = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "5Gi"}, "storageClassName": "slow"}
    return named("PersistentVolume", "pv-1", "", spec=usual | spec, status={"phase": phase}, metadata={"labels": {"tier": "gold"}})


ASKED = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}, "storageClassName": "slow"}


@pytest.mark.parametrize(
    "change",
    [
        {"storageClassName": "slwo"},
        {"accessModes": ["ReadWriteMany"]},
        {"resources": {"requests": {"storage": "50Gi"}}},
        {"selector": {"matchLabels": {"tier": "silver"}}},
    ],
)
def test_a_claim_is_made_anew_so_that_a_free_volume_fits(change: Json) -> None:
    objects = claims(ASKED | change, volume())
    (offer,) = offers(view(*objects), about("pvc_capacity_mismatch"))
    made = written(objects, offer)
    assert "status" not in (live(made, offer.ref) or {}) and "uid" not in (live(made, offer.ref) or {})["metadata"]
    assert [invariant(offer, each).holds for each in (objects, made, carried_out(made))] == [False, None, True]
    with pytest.raises(Conflict, match="bound by now"):
        wanted(offer, objects[2] | {"status": {"phase": "Bound"}})
    back = undone(offer, objects[2])
    assert back is not None and (wanted(back, live(made, offer.ref)) or {})["spec"] == ASKED | change


def test_a_volume_of_a_claim_that_is_there_is_nobody_elses() -> None:
    taken = volume("Bound", claimRef={"namespace": "other", "name": "data", "uid": "u"})
    holder = named("PersistentVolumeClaim", "data", "other", metadata={"uid": "u"})
    assert offers(view(*claims(ASKED, taken, holder)), about("pv_binding_occupied")) == ()


def test_a_volume_whose_claim_is_gone_is_given_again_at_high_risk() -> None:
    objects = claims(ASKED, volume("Released", claimRef={"namespace": "shop", "name": "data", "uid": "old"}))
    (offer,) = offers(view(*objects), about("pv_binding_occupied"))
    assert offer.kind == "release_volume" and KINDS[offer.kind].risk is Risk.HIGH and undone(offer, objects[-1]) is None
    assert [invariant(offer, each).holds for each in (objects, carried_out(written(objects, offer)))] == [False, True]


def test_a_claim_grows_where_its_class_allows_and_the_program_says_that_it_is_full() -> None:
    objects = claims(ASKED, volume())
    objects[2]["status"] = {"phase": "Bound", "capacity": {"storage": "5Gi"}}
    log = LogFile("shop", "web-1-new", "web", False, lambda: "write failed: No space left on device")
    grows = named("StorageClass", "slow", "", provisioner="x", allowVolumeExpansion=True)
    (offer,) = offers(view(*objects, grows, logs=(log,)), about("crash_loop"))
    assert offer.parameters == {"was": "5Gi", "to": "10Gi"} and undone(offer, objects[2]) is None
    assert offers(view(*objects, logs=(log,)), about("crash_loop")) == ()
    with pytest.raises(Invalid, match="never shrinks"):
        wanted(Repair("expand_claim", offer.ref, {"was": "5Gi", "to": "1Gi"}), objects[2])


def quota(hard: Json, used: Json) -> Json:
    return named("ResourceQuota", "limits", spec={"hard": hard}, status={"hard": hard, "used": used})


def test_a_quota_is_raised_by_what_is_wanted_in_every_line_that_refuses() -> None:
    made = template(resources={"requests": {"cpu": "300m", "memory": "1Gi"}})
    limits = quota(
        {"requests.cpu": "1", "requests.memory": "8Gi", "pods": "5"},
        {"requests.cpu": "900m", "requests.memory": "1Gi", "pods": "4"},
    )
    objects = [deployment("web", 2, made), limits]
    (offer,) = offers(view(*objects), about("namespace_cpu_quota_exceeded", "namespace/shop"))
    told = {line["resource"]: (line["was"], line["to"]) for line in offer.parameters["lines"]}
    assert told == {"requests.cpu": ("1", "1500m"), "pods": ("5", "6")}
    made_ = written(objects, offer)
    assert [invariant(offer, each).holds for each in (objects, made_)] == [False, True]
    assert offers(view(*objects), about("namespace_storage_quota_exceeded", "namespace/shop")) == ()
    assert [each.ref.title for each in after(offer)] == ["Deployment/web"]


def test_what_a_quota_refused_is_created_once_there_is_room() -> None:
    declared = service("api", port=9000)
    objects = [service("web"), quota({"services": "1"}, {"services": "1"})]
    (offer,) = offers(view(*objects, declared=(declared,)), about("namespace_service_quota_exceeded", "namespace/shop"))
    assert offer.parameters["lines"] == [{"resource": "services", "was": "1", "to": "2"}]
    assert [(each.kind, each.ref.title) for each in after(offer)] == [("create_declared", "Service/api")]
    assert invariant(offer, objects).holds is False and invariant(offer, written(objects, offer)).holds is True


def test_a_pod_is_deleted_only_by_its_uid_and_where_something_makes_it_again() -> None:
    ref = Ref("Pod", "web-1-new", "shop")
    delete = Repair("delete_pod", ref, {"uid": "pod-web-1-new", "of": "Deployment/web"})
    there = pod("web")
    assert wanted(delete, there) is None and undone(delete, there) is None
    with pytest.raises(Conflict, match="another pod"):
        wanted(delete, there | {"metadata": there["metadata"] | {"uid": "newer"}})
    with pytest.raises(Invalid, match="Nothing would make"):
        wanted(delete, there | {"metadata": there["metadata"] | {"ownerReferences": []}})
    assert invariant(delete, [deployment("web"), there]).holds is False
    assert invariant(delete, [deployment("web"), pod("web", number=2)]).holds is True


def test_a_restart_holds_only_when_every_pod_is_new() -> None:
    restart = Repair("restart", Ref("Deployment", "web", "shop"), {"at": "2026-05-04T10:00:00Z"})
    objects = [deployment("web"), pod("web")]
    made = written(objects, restart)
    assert [invariant(restart, each).holds for each in (objects, made, carried_out(made))] == [False, None, True]
    with pytest.raises(Conflict, match="restarted since"):
        wanted(restart, live(made, restart.ref))


def test_a_selector_holds_when_it_selects_pods_that_take_traffic() -> None:
    objects = [deployment("web"), pod("web"), service("web", {"app": "wbe", "tier": "x"})]
    (offer,) = offers(view(*objects), about("service_selector_mismatch"))
    made = written(objects, offer)
    assert offer.parameters["selector"]["to"] == {"app": "web"} and invariant(offer, made).holds is True
    assert invariant(offer, [each for each in made if each["kind"] != "Pod"] + [pod("web", ready=False)]).holds is None
    with pytest.raises(Conflict, match="another one now"):
        wanted(offer, service("web", {"app": "wbe"}))


def test_a_selector_that_would_catch_anothers_pods_is_not_offered() -> None:
    shared = template("web")
    shared["metadata"]["labels"] = {"part-of": "shop"}
    other = template("api")
    other["metadata"]["labels"] = {"part-of": "shop"}
    web, api = deployment("web", made=shared), deployment("api", made=other)
    web["spec"]["selector"] = {"matchLabels": {"part-of": "shop"}}
    objects = [web, api, pod("web", shared), pod("api", other), service("web", {"app": "web"})]
    assert offers(view(*objects), about("service_selector_mismatch")) == ()
