"""Pure: what runs in a namespace, understood as processes, variables, options and patches."""

from __future__ import annotations

from typing import Any

import pytest

from controlplane.core.errors import Conflict, Invalid, NotFound, TimonelError
from tests.workloads.adopting.live import DIGEST, IMAGE, Json, config, ingress, pod, service, web
from workloads.adopting import imaging
from workloads.adopting.matching import match
from workloads.adopting.running import Running, cleaned
from workloads.adopting.settling import Settled, settle
from workloads.manifests.options import options_of
from workloads.manifests.profile import Process, Profile
from workloads.manifests.render import render

LABELS = {"app": "shop", "role": "web"}
WORKER = {"command": ["celery", "-A", "shop", "worker"], "ports": [], "name": "queue"}


def running(*items: Json) -> Running:
    return Running((*items,))


def settled(*items: Json, named: tuple[str, ...] = ()) -> Settled:
    found = running(*items)
    return settle(found, match(found, "shop", named), "shop")


def usual(**more: Any) -> tuple[Json, ...]:
    return web(**more), service(), config(), ingress()


def test_processes_variables_resources_and_hosts_are_as_they_run() -> None:
    found = settled(*usual())
    assert found.processes == {"web": ["gunicorn", "shop.wsgi", "--bind", "0.0.0.0:8080"]}
    assert found.values == {"GREETING": "hello", "COLOUR": "blue"}
    assert found.options["processes"] == {"web": {"replicas": 3, "cpu": "250m", "memory": "256Mi"}}
    assert found.options["hosts"] == ["shop.example.com"]
    assert (found.options["port"], found.health_path) == (8080, "/healthz")
    assert any("will request all of the memory" in note for note in found.notes)


def test_what_is_proposed_renders_to_pods_like_those_that_run() -> None:
    mount = {"name": "media", "mountPath": "/media"}
    secret = {"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": "db", "key": "uri"}}}
    container = {"volumeMounts": [mount], "env": [secret]}
    volumes = [{"name": "media", "persistentVolumeClaim": {"claimName": "media"}}]
    found = settled(*usual(container=container, volumes=volumes, nodeSelector={"type": "kwok"}))
    profile = Profile(
        application="shop",
        environment="production",
        namespace="shop",
        image=IMAGE,
        processes=tuple(Process(name, tuple(argv)) for name, argv in found.processes.items()),
        options=options_of(found.options),
        patches=found.patches,
        set="r1",
        strategy="blue_green",
    )
    [deployment] = render(profile).web
    spec = deployment["spec"]["template"]["spec"]
    [main] = spec["containers"]
    assert mount in main["volumeMounts"] and secret in main["env"]
    assert volumes[0] in spec["volumes"]
    assert spec["nodeSelector"] == {"type": "kwok"}
    assert "readOnlyRootFilesystem" not in main.get("securityContext", {})
    assert main["resources"]["requests"] == {"cpu": "250m", "memory": "256Mi"}
    assert deployment["spec"]["replicas"] == 3


def test_an_image_with_its_own_command_keeps_its_entry_point() -> None:
    found = settled(*usual(container={"command": None, "args": ["serve"]}))
    assert (found.processes, found.options["keep_entrypoint"]) == ({"web": ["serve"]}, True)


def test_a_scaler_and_a_whole_secret_are_named() -> None:
    target = {"kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": target, "minReplicas": 3, "maxReplicas": 9, "metrics": []}
    scaler = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"}, "spec": spec}
    found = settled(*usual(container={"envFrom": [{"secretRef": {"name": "shop-secret"}}]}), scaler)
    assert found.options["processes"]["web"]["autoscale"] == {"min": 3, "max": 9}
    assert found.options["secrets"] == {"kind": "existing", "name": "shop-secret"}


def test_an_ingress_of_our_name_is_taken_over_and_another_stays() -> None:
    own = settled(web(), service(), config(), ingress("shop", ingressClassName="nginx"))
    assert own.options["route"] == {"kind": "ingress", "class_name": "nginx"}
    partly = ingress("shop")
    partly["spec"]["rules"][0]["http"]["paths"][0]["path"] = "/api"
    assert settled(web(), service(), config(), partly).options["route"] == {"kind": "none"}
    other = settled(*usual())
    assert other.options["route"] == {"kind": "none"}
    assert "Ingress/public stays as it is and leads to Service shop." in other.notes


def test_workers_are_found_beside_it_and_strangers_stay_foreign() -> None:
    items = (*usual(), web("queue", container=WORKER), web("blog", labels={"app": "blog"}), service("blog", {"app": "blog"}))
    found = match(running(*items), "shop")
    assert [item["metadata"]["name"] for item in found.workloads] == ["web", "queue"]
    assert found.foreign == ("Deployment/blog", "Service/blog")


@pytest.mark.parametrize(
    ("items", "named", "said"),
    [
        ((), (), "No Deployment runs"),
        ((web(labels={"app": "blog"}, container={"image": "blog:1"}),), (), "looks like shop"),
        (usual(), ("webb",), "There is no Deployment webb"),
        ((*usual(), web("other"), service("other", {"role": "other"})), (), ""),
        ((web("one"), web("two"), service("a", {"role": "one"}), service("b", {"role": "two"}), config()), (), "behind a Service"),
        (usual(container={"ports": []}), (), "names no port"),
        (usual(container={"ports": [{"containerPort": 80}]}), (), "only root may"),
        ((web(), service()), (), "ConfigMap shop-env, which is not there"),
        ((web(labels={"app": "shop", "app.kubernetes.io/managed-by": "timonel"}),), (), "made by Timonel"),
    ],
)
def test_what_cannot_be_told_is_refused_in_words(items: tuple[Json, ...], named: tuple[str, ...], said: str) -> None:
    if not said:
        assert settled(*items, named=named).processes.keys() == {"web", "other"}
        return
    with pytest.raises(TimonelError, match=said) as refused:
        settled(*items, named=named)
    assert isinstance(refused.value, Invalid | NotFound) and refused.value.cure


def test_the_digest_is_that_of_the_pods() -> None:
    tagged = web(container={"image": "registry.example/team/shop:1"})
    pods = [pod(f"web-{number}", LABELS) for number in range(2)]
    assert imaging.image(running(tagged, *pods), [tagged]) == IMAGE
    assert imaging.image(running(tagged), [tagged]) == "registry.example/team/shop:1"


def test_pods_of_two_images_are_refused() -> None:
    tagged = web(container={"image": "registry.example/team/shop:1"})
    other = pod("web-2", LABELS, "sha256:" + "cd" * 32)
    with pytest.raises(Conflict, match="2 different images"):
        imaging.image(running(tagged, pod("web-1", LABELS), other), [tagged])
    with pytest.raises(Conflict, match="being rolled out"):
        imaging.image(running(tagged, pod("web-1", LABELS, image="registry.example/team/shop:0")), [tagged])
    with pytest.raises(Invalid, match="One release is one image"):
        imaging.image(running(), [web(), web("queue", container={"image": f"registry.example/team/queue@{DIGEST}"})])


def test_a_commit_is_looked_for_in_annotations_labels_and_the_tag() -> None:
    item = web(container={"image": "registry.example/team/shop:2.1"})
    item["metadata"]["annotations"] = {"org.opencontainers.image.revision": "abc123"}
    assert imaging.revisions([item]) == ["abc123", "2.1", "v2.1"]
    assert imaging.revisions([web(container={"image": "shop:latest"})]) == []


def test_a_cleaned_object_holds_nothing_of_its_server() -> None:
    live = service(clusterIP="10.0.0.1", clusterIPs=["10.0.0.1"])
    live["metadata"] |= {"uid": "1", "resourceVersion": "2", "managedFields": [{}], "annotations": {"kubectl.kubernetes.io/x": ""}}
    assert cleaned({**live, "status": {}})["spec"] == service()["spec"]
    assert set(cleaned(live)["metadata"]) == {"name", "annotations"}
