"""What leads where: routes to services, services to workloads, workloads to pods, and who gets the requests."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workloads.topology.things import WEB, deployment, drawn, ingress, pod, route, service, thing
from workloads.topology.picture import Picture

GREEN, BLUE = {"app": "web", "timonel.dev/set": "green"}, {"app": "web", "timonel.dev/set": "blue"}
NAMED = {"app.kubernetes.io/version": "v2", "timonel.dev/release": "41"}


def test_an_empty_namespace_is_an_empty_picture() -> None:
    assert drawn() == Picture()


def test_pods_belong_to_their_deployment_through_a_replica_set() -> None:
    found = drawn(deployment("web"), thing("ReplicaSet", "web-1", owner="Deployment/web"), pod("web-1-a", owner="ReplicaSet/web-1"))
    assert [one.name for one in found.workloads[0].pods] == ["web-1-a"]
    assert found.loose == ()


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet", "Job"])
def test_pods_belong_to_what_made_them(kind: str) -> None:
    found = drawn(thing(kind, "one"), pod("one-0", owner=f"{kind}/one"))
    assert found.workloads[0].pods[0].workload == f"{kind}/one"


def test_pods_of_nobody_and_of_what_may_not_be_seen_are_told_by_themselves() -> None:
    found = drawn(pod("a"), pod("b", owner="ReplicaSet/gone"), pod("c", owner="Deployment/unseen"), unseen=("Deployment",))
    assert [one.name for one in found.loose] == ["a", "b", "c"]
    assert found.unseen == ("Deployment",)


@pytest.mark.parametrize(
    ("item", "state"),
    [
        (deployment("web", wanted=3, ready=3), "ready"),
        (deployment("web", wanted=3, ready=2), "rolling"),
        (deployment("web", wanted=3, ready=3, updatedReplicas=1), "rolling"),
        (deployment("web", wanted=0, ready=0), "idle"),
        (thing("Deployment", "bare"), "rolling"),
        (
            deployment("web", conditions=[{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]),
            "failing",
        ),
        (deployment("web", conditions=[{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}]), "failing"),
        (thing("StatefulSet", "db", spec={"replicas": 1}, status={"readyReplicas": 1}), "ready"),
        (thing("DaemonSet", "agent", status={"desiredNumberScheduled": 2, "numberReady": 1}), "rolling"),
        (thing("Job", "migrate"), "running"),
        (thing("Job", "migrate", status={"conditions": [{"type": "Complete", "status": "True"}]}), "done"),
        (thing("Job", "migrate", status={"conditions": [{"type": "Failed", "status": "True"}]}), "failed"),
        (thing("CronJob", "report"), "scheduled"),
        (thing("CronJob", "report", spec={"suspend": True}), "suspended"),
    ],
)
def test_a_workload_is_one_word(item: dict[str, Any], state: str) -> None:
    assert drawn(item).workloads[0].state == state


def test_the_controllers_view_that_is_older_than_what_is_wanted_is_not_believed() -> None:
    item = deployment("web", wanted=1, ready=1, observedGeneration=1)
    item["metadata"]["generation"] = 2
    assert drawn(item).workloads[0].state == "rolling"


def test_one_pod_in_trouble_makes_its_workload_fail() -> None:
    ill = pod("web-0", owner="StatefulSet/web", ready=False, container={"state": {"waiting": {"reason": "CrashLoopBackOff"}}})
    found = drawn(thing("StatefulSet", "web", spec={"replicas": 1}), ill).workloads[0]
    assert (found.state, found.counts) == ("failing", (("failing", 1),))


def test_release_set_scaler_and_budget_are_told() -> None:
    labels = {**GREEN, **NAMED, "app.kubernetes.io/component": "web"}
    scaler = thing(
        "HorizontalPodAutoscaler", "web", spec={"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 9}
    )
    budget = thing("PodDisruptionBudget", "web", spec={"selector": {"matchLabels": WEB}, "minAvailable": 1})
    found = drawn(deployment("web", labels), scaler, budget).workloads[0]
    assert (found.release, found.release_number, found.set, found.component) == ("v2", 41, "green", "web")
    assert found.scaler is not None
    assert (found.scaler.least, found.scaler.most, found.budget) == (1, 9, "minAvailable 1")


def test_ours_stand_first_web_before_the_rest_and_jobs_last_newest_first() -> None:
    ours = {"app.kubernetes.io/managed-by": "timonel"}
    jobs = [thing("Job", name, ours) for name in ("old", "new")]
    for job, at in zip(jobs, ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"), strict=True):
        job["metadata"]["creationTimestamp"] = at
    web = deployment("web", {**ours, "app.kubernetes.io/component": "web"})
    found = drawn(*jobs, deployment("theirs"), deployment("beat", ours), web)
    assert [one.name for one in found.workloads] == ["web", "beat", "new", "old", "theirs"]


@pytest.mark.parametrize(
    ("items", "state", "leads"),
    [
        ([service("s", WEB), deployment("web", WEB), pod("p", WEB)], "ready", ("Deployment/web",)),
        ([service("s", WEB), deployment("web", WEB), pod("p", WEB, ready=False)], "empty", ("Deployment/web",)),
        ([service("s", WEB), deployment("web", WEB, wanted=0, ready=0)], "empty", ("Deployment/web",)),
        ([service("s", {"app": "nobody"}), deployment("web", WEB)], "broken", ()),
        ([service("s")], "outside", ()),
        ([service("s", type="ExternalName", externalName="db.example.org")], "outside", ()),
    ],
)
def test_a_service_leads_to_what_it_selects(items: list[dict[str, Any]], state: str, leads: tuple[str, ...]) -> None:
    found = drawn(*items).services[0]
    assert (found.state, found.workloads) == (state, leads)


def test_the_clusters_own_endpoints_are_believed_before_the_pods() -> None:
    ends = [{"conditions": {"ready": True}}, {"conditions": {"ready": False}}, {}]
    piece = thing("EndpointSlice", "s-1", {"kubernetes.io/service-name": "s"}, endpoints=ends)
    found = drawn(service("s", WEB), piece, pod("p", WEB)).services[0]
    assert (found.ready, found.total) == (2, 2)


@pytest.mark.parametrize(
    ("item", "broken"),
    [
        (ingress("i", "s"), ""),
        (ingress("i", "s", {"name": "http"}), ""),
        (ingress("i", "gone"), "there is no such service"),
        (ingress("i", "s", {"number": 8080}), "it has no port 8080"),
        (route("r", s=1), ""),
        (route("r", gone=1), "there is no such service"),
    ],
)
def test_a_route_tells_where_it_does_not_lead(item: dict[str, Any], broken: str) -> None:
    assert drawn(item, service("s", WEB)).routes[0].rules[0].backends[0].broken == broken


def test_addresses_are_https_where_a_certificate_is_named() -> None:
    plain = ingress("i", "s")
    secured = ingress("i", "s", tls=[{"hosts": ["shop.example.org"]}])
    assert drawn(plain).routes[0].addresses == ("http://shop.example.org/",)
    assert drawn(secured).routes[0].addresses == ("https://shop.example.org/",)


def test_a_route_that_no_gateway_takes_is_broken() -> None:
    item = route("r", s=1)
    item["status"] = {"parents": [{"conditions": [{"type": "Accepted", "status": "False", "reason": "NoMatchingParent"}]}]}
    assert drawn(item, service("s", WEB)).routes[0].broken == "NoMatchingParent"


def two_sets(*more: dict[str, Any], green: int = 1, blue: int = 3) -> Picture:
    """Two versions behind services, so many ready pods each."""
    pods = [pod(f"g{n}", GREEN | NAMED) for n in range(green)]
    pods += [pod(f"b{n}", BLUE | NAMED | {"app.kubernetes.io/version": "v1"}) for n in range(blue)]
    return drawn(*pods, *more)


def told(found: Picture) -> dict[str, float]:
    return {share.release: round(share.percent, 1) for share in found.shares}


def test_without_weights_the_ready_pods_behind_the_service_divide_the_requests() -> None:
    assert told(two_sets(service("shop", WEB))) == {"v1": 75.0, "v2": 25.0}


def test_the_service_that_selects_one_set_gives_it_everything() -> None:
    assert told(two_sets(service("shop", BLUE))) == {"v1": 100.0}


def test_a_preview_service_gets_no_requests_from_outside() -> None:
    preview = service("preview", GREEN)
    preview["metadata"]["labels"]["timonel.dev/service"] = "preview"
    stable = service("shop", BLUE)
    stable["metadata"]["labels"]["timonel.dev/service"] = "stable"
    assert told(two_sets(preview, stable)) == {"v1": 100.0}


def test_the_weights_of_a_route_divide_the_requests() -> None:
    found = two_sets(service("stable", BLUE), service("preview", GREEN), route("r", stable=90, preview=10))
    assert told(found) == {"v1": 90.0, "v2": 10.0}
    assert [one.percent for one in found.routes[0].rules[0].backends] == [90.0, 10.0]


def test_a_route_that_leads_nowhere_does_not_hide_who_gets_the_requests() -> None:
    assert told(two_sets(ingress("a", "gone"), service("shop", WEB), ingress("b", "shop"))) == {"v1": 75.0, "v2": 25.0}


def test_where_no_pod_is_ready_nobody_gets_requests() -> None:
    assert drawn(service("shop", WEB), pod("p", WEB, ready=False)).shares == ()


def test_warnings_come_newest_first_and_normal_events_not_at_all() -> None:
    def event(name: str, at: str, **more: Any) -> dict[str, Any]:
        about = {"kind": "Pod", "name": name}
        return thing("Event", name, type="Warning", reason="R", message=name, involvedObject=about, lastTimestamp=at, **more)

    series = {"lastObservedTime": "2026-01-03T00:00:00Z", "count": 9}
    items = [event("a", "2026-01-01T00:00:00Z"), event("b", "2026-01-02T00:00:00Z"), event("c", "", series=series)]
    found = drawn(*items, thing("Event", "n", type="Normal", message="Pulled")).warnings
    assert [(one.about, one.count) for one in found] == [("Pod/c", 9), ("Pod/b", 1), ("Pod/a", 1)]


def test_objects_that_lack_everything_break_nothing() -> None:
    kinds = ("Pod", "Deployment", "ReplicaSet", "Job", "CronJob", "Service", "EndpointSlice", "Ingress", "HTTPRoute", "Event")
    bare = [{"kind": kind, "metadata": {"name": "x"}, "spec": None, "status": None} for kind in kinds]
    found = drawn(*bare)
    assert (found.routes[0].broken, found.services[0].state, found.pods[0].state) == ("no rule", "outside", "starting")
