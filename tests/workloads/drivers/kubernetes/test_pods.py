"""What pods say about a release that does not come up. Pure."""

from __future__ import annotations

from typing import Any

import pytest

from workloads.drivers.kubernetes.pods import standing, trouble_of


def pod(name: str = "web-1", *, ready: bool = False, restarts: int = 0, **state: Any) -> dict[str, Any]:
    last = state.pop("last", {})
    status = {"name": "web", "ready": ready, "restartCount": restarts, "state": state or {"running": {}}, "lastState": last}
    condition = {"type": "Ready", "status": "True" if ready else "False"}
    return {"metadata": {"name": name}, "status": {"containerStatuses": [status], "conditions": [condition]}}


UNSCHEDULABLE = {
    "metadata": {"name": "web-1"},
    "status": {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}]},
}


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (pod(waiting={"reason": "ErrImagePull"}), "ImagePullBackOff"),
        (pod(waiting={"reason": "InvalidImageName"}), "ImagePullBackOff"),
        (pod(waiting={"reason": "CreateContainerConfigError", "message": "secret x not found"}), "CreateContainerConfigError"),
        (pod(waiting={"reason": "CrashLoopBackOff"}, last={"terminated": {"exitCode": 1}}, restarts=5), "CrashLoopBackOff"),
        (pod(waiting={"reason": "CrashLoopBackOff"}, last={"terminated": {"exitCode": 137, "reason": "OOMKilled"}}), "OOMKilled"),
        (pod(restarts=3), "CrashLoopBackOff"),
        (UNSCHEDULABLE, "Unschedulable"),
    ],
)
def test_what_keeps_a_pod_from_ever_being_ready_has_a_word(found: dict[str, Any], word: str) -> None:
    trouble = trouble_of(found)
    assert trouble is not None
    assert (trouble.word, bool(trouble.cure)) == (word, True)


@pytest.mark.parametrize(
    "found",
    [
        pod(ready=True),
        pod(ready=True, restarts=7),
        pod(waiting={"reason": "ContainerCreating"}),
        pod(running={}, restarts=1),
        pod(ready=True, last={"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, restarts=1),
    ],
)
def test_what_recovered_or_is_only_slow_is_no_trouble(found: dict[str, Any]) -> None:
    assert trouble_of(found) is None


def test_one_bad_pod_of_many_does_not_condemn_a_release() -> None:
    bad = pod("web-0", waiting={"reason": "CrashLoopBackOff"}, restarts=4)
    assert not standing([bad, *(pod(f"web-{number}", ready=True) for number in range(1, 20))]).failing
    assert standing([bad, pod("web-1")]).failing
    assert standing([bad, bad, bad, *(pod(f"web-{number}", ready=True) for number in range(9))]).failing
    assert not standing([UNSCHEDULABLE]).failing, "a node may come"


def test_pods_that_are_being_removed_are_not_counted() -> None:
    leaving = pod("web-0", waiting={"reason": "CrashLoopBackOff"}, restarts=4)
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert standing([leaving, pod(ready=True)]).total == 1
