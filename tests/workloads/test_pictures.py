"""The picture of an environment read from a real cluster: what is there, what leads nowhere, and what changes meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.cluster import kubeconfig
from workloads import pictures
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.kinds import Json, kind_named
from workloads.adapters.kubernetes.view import VIEWS
from workloads.models import Application, Cluster, Environment, Target
from workloads.pictures import Seen
from workloads.tails import Asked, read

NAMESPACE = "pages"
pytestmark = [pytest.mark.cluster, pytest.mark.django_db]
WEB = {"app.kubernetes.io/component": "web", "app.kubernetes.io/version": "v1", "timonel.dev/set": "blue"}


def put(kube: Client, namespace: str, api: str, kind: str, name: str, spec: Json) -> None:
    metadata = {"name": name, "namespace": namespace, "labels": {**WEB, "app.kubernetes.io/managed-by": "timonel"}}
    kube.create({"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec})


@pytest.fixture
def shop(kube: Client, namespace: str) -> Iterator[Target]:
    """Two replicas of an image that no registry has, a service in front, one that selects nothing, a route to nowhere."""
    container = {"name": "web", "image": "registry.invalid/shop:1", "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}}}
    template = {"metadata": {"labels": WEB}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 0}}
    put(kube, namespace, "apps/v1", "Deployment", "web", {"replicas": 2, "selector": {"matchLabels": WEB}, "template": template})
    for name, chosen in (("shop", WEB), ("nothing", {"app": "nobody"})):
        put(kube, namespace, "v1", "Service", name, {"selector": chosen, "ports": [{"name": "http", "port": 80}]})
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "gone", "port": {"number": 80}}}}
    rules = [{"host": "shop.example.org", "http": {"paths": [path]}}]
    put(kube, namespace, "networking.k8s.io/v1", "Ingress", "shop", {"rules": rules})
    application = Application.objects.create(name="shop", repository="/srv/git/shop")
    environment = Environment.objects.create(application=application, name="production", tier="production", driver="kubernetes")
    cluster = Cluster.objects.create(name="real", kind=Cluster.Kind.KUBECONFIG, read_credentials=kubeconfig())
    yield Target.objects.create(environment=environment, cluster=cluster, namespace=namespace)
    VIEWS.forget()


def seen_when(target: Target, done: Callable[[Seen], bool], seconds: float = 20.0) -> Seen:
    end = time.monotonic() + seconds
    while not done(seen := pictures.look(target.environment, target)):
        assert time.monotonic() < end, seen
        time.sleep(0.2)
    return seen


def test_what_stands_on_a_real_cluster_is_drawn_and_followed(kube: Client, shop: Target) -> None:
    began = time.monotonic()
    seen = pictures.look(shop.environment, shop)
    assert time.monotonic() - began < pictures.WAIT + 1.5
    assert seen.trouble == ""
    seen = seen_when(shop, lambda one: one.picture is not None and len(one.picture.pods) == 2)
    assert seen.picture is not None
    web = seen.picture.workload("Deployment/web")
    assert web is not None
    assert (web.wanted, web.release, web.set, web.ours, len(web.pods)) == (2, "v1", "blue", True, 2)
    assert {pod.short.partition(" ")[0] for pod in web.pods} == {"web-blue"}
    services = {one.name: (one.state != "broken", one.workloads) for one in seen.picture.services}
    assert services == {"shop": (True, ("Deployment/web",)), "nothing": (False, ())}
    assert seen.picture.routes[0].rules[0].backends[0].broken == "there is no such service"
    kube.patch(kind_named("Deployment"), "web", shop.namespace, {"spec": {"replicas": 0}}, manager="test")
    seen_when(shop, lambda one: one.fresh and one.picture is not None and not one.picture.pods)


def test_logs_that_cannot_be_read_are_told_by_pod_and_the_rest_goes_on(kube: Client, shop: Target) -> None:
    seen = seen_when(shop, lambda one: one.picture is not None and len(one.picture.pods) == 2)
    assert seen.picture is not None
    told = read(kube, shop.namespace, seen.picture, Asked(container="web"), str)
    assert len(told.streams) == 2
    assert told.lines or all("web" in trouble for trouble in told.troubles)
