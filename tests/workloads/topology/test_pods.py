"""How a pod is, in one word: what the cluster says of its containers comes before what it says of the pod."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workloads.topology.things import deployment, drawn, pod, thing
from workloads.topology.picture import Measure, Pod
from workloads.topology.reading import image

WAITS = {"ready": False, "restartCount": 7}
OOM = {"lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}


def only(item: dict[str, Any]) -> Pod:
    return drawn(item).pods[0]


def waiting(reason: str, **more: Any) -> dict[str, Any]:
    return {"state": {"waiting": {"reason": reason, "message": "as the cluster says"}}, **WAITS, **more}


UNSCHEDULED = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available"}]


@pytest.mark.parametrize(
    ("item", "state", "reason"),
    [
        (pod("p"), "ready", ""),
        (pod("p", ready=False), "unready", ""),
        (pod("p", ready=False, container=waiting("ContainerCreating", restartCount=0)), "starting", "ContainerCreating"),
        (pod("p", ready=False, container=waiting("ImagePullBackOff")), "failing", "ImagePullBackOff"),
        (pod("p", ready=False, container=waiting("CreateContainerConfigError")), "failing", "CreateContainerConfigError"),
        (pod("p", ready=False, container=waiting("CrashLoopBackOff")), "failing", "CrashLoopBackOff"),
        (pod("p", ready=False, container=waiting("CrashLoopBackOff", **OOM)), "failing", "OOMKilled"),
        (pod("p", ready=False, phase="Pending", conditions=UNSCHEDULED, containerStatuses=[]), "waiting", "Unschedulable"),
        (pod("p", ready=False, phase="Pending", conditions=[], containerStatuses=[]), "starting", ""),
        (pod("p", phase="Failed", reason="Evicted", message="The node was low on resource: memory."), "failing", "Evicted"),
        (pod("p", ready=False, phase="Succeeded"), "done", ""),
        (pod("p", ready=False, container={"state": {"terminated": {"reason": "Error", "exitCode": 1}}}), "failing", "Error"),
        (thing("Pod", "bare"), "starting", ""),
    ],
)
def test_a_pod_is_one_word_and_the_clusters_reason(item: dict[str, Any], state: str, reason: str) -> None:
    assert (only(item).state, only(item).reason) == (state, reason)


def test_a_pod_that_is_being_removed_is_leaving_however_it_is() -> None:
    item = pod("p", ready=False, container=waiting("CrashLoopBackOff"))
    item["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert only(item).state == "leaving"


def test_one_container_of_two_that_fails_is_told() -> None:
    well, ill = {"name": "main", "ready": True, "state": {"running": {}}}, {"name": "side", **waiting("ErrImagePull")}
    item = pod("p", ready=False, containerStatuses=[well, ill])
    item["spec"]["containers"].append({"name": "side"})
    assert (only(item).reason, only(item).message, only(item).container) == ("ErrImagePull", "as the cluster says", "side")


def test_init_containers_that_fail_are_told_and_sidecars_are_named() -> None:
    item = pod("p", ready=False, phase="Pending", containerStatuses=[])
    item["spec"]["initContainers"] = [{"name": "wait"}, {"name": "proxy", "restartPolicy": "Always"}]
    item["status"]["initContainerStatuses"] = [{"name": "wait", **waiting("CrashLoopBackOff")}]
    found = only(item)
    assert (found.state, found.container) == ("failing", "wait")
    assert [(one.name, one.role) for one in found.containers] == [("wait", "init"), ("proxy", "sidecar"), ("main", "app")]


def test_what_is_used_stands_beside_what_was_asked_for_and_what_nobody_tells_stays_untold() -> None:
    item = pod("p")
    item["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}}
    measured = drawn(item, used={("p", "main"): (0.1, 2.0**29)})
    assert measured.measured
    assert measured.pods[0].cpu == Measure(0.1, 0.25, None)
    assert measured.pods[0].memory == Measure(2.0**29, 2.0**30, 2.0**31)
    assert only(item).cpu == Measure(None, 0.25, None)
    assert not drawn(item).measured


def test_a_pods_short_name_is_what_tells_it_from_its_siblings() -> None:
    labels = {"app.kubernetes.io/component": "web", "timonel.dev/set": "green"}
    items = [deployment("shop-web"), thing("ReplicaSet", "shop-web-7d9c", owner="Deployment/shop-web")]
    found = drawn(*items, pod("shop-web-7d9c-x2x9d", labels, "ReplicaSet/shop-web-7d9c"))
    assert found.pods[0].short == "web-green x2x9d"
    assert drawn(pod("alone", labels)).pods[0].short == "alone"


@pytest.mark.parametrize(
    ("reference", "short"),
    [
        ("web:1", "web:1"),
        ("registry.example.org:5000/team/web:1", "team/web:1"),
        ("localhost/web", "web"),
        ("team/web@sha256:0123456789abcdef", "team/web@sha256:0123456789ab"),
        ("", ""),
    ],
)
def test_an_image_is_told_without_its_registry(reference: str, short: str) -> None:
    assert image(reference) == short


def test_every_text_from_outside_goes_through_the_veil() -> None:
    from workloads.topology.drawing import World, picture

    item = pod("p", ready=False, container=waiting("CrashLoopBackOff", **OOM))
    event = {"kind": "Event", "type": "Warning", "message": "secret", "metadata": {"name": "e"}}
    found = picture(World({"Pod": [item], "Event": [event]}), lambda text: "veiled" if text else "")
    assert (found.pods[0].message, found.pods[0].containers[0].message, found.warnings[0].message) == ("veiled",) * 3
    assert found.pods[0].containers[0].image == "veiled"
