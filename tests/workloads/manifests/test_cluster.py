"""A real API server takes what is rendered, in a namespace that takes restricted pods only; and refuses what our rules find."""

from __future__ import annotations

import copy
import time
from dataclasses import replace
from typing import Any

import pytest

from tests.workloads.manifests.profiles import PROFILES
from tests.workloads.manifests.test_policies import WRONG
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.failures import ApiFailure
from workloads.adapters.kubernetes.kinds import kind_named, kind_of
from workloads.manifests.policies import pod_security
from workloads.manifests.policies.judge import judge
from workloads.manifests.render import render

pytestmark = pytest.mark.cluster
NAMESPACE = "manifests"
Json = dict[str, Any]
# Refused for more than one reason, or by the API's own validation before: what counts is that both say no.
ELSEWHERE = frozenset({"pod-security/windowsHostProcess", "pod-security/procMount"})


@pytest.fixture
def restricted(kube: Client, namespace: str) -> str:
    """The namespace, held to the restricted standard."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    kube.patch(kind_named("Namespace"), namespace, "", {"metadata": {"labels": labels}}, manager="timonel")
    end = time.monotonic() + 20
    while kube.get(kind_named("ServiceAccount"), "default", namespace) is None and time.monotonic() < end:
        time.sleep(0.1)  # no pod is taken before the namespace's own account is there
    return namespace


def known(kube: Client) -> set[str]:
    """The APIs the cluster serves: custom kinds are not everywhere."""
    groups = kube.ask("GET", "/apis")["groups"]
    return {"v1"} | {version["groupVersion"] for group in groups for version in group["versions"]}


@pytest.mark.parametrize("name", PROFILES)
def test_everything_rendered_is_taken_with_restricted_pods_only(kube: Client, restricted: str, name: str) -> None:
    apis, taken = known(kube), 0
    for item in render(replace(PROFILES[name](), namespace=restricted)).objects:
        if item["apiVersion"] in apis and item["kind"] != "Namespace":
            kube.apply(item, manager="timonel", dry_run=True)
            taken += 1
        template = item["spec"].get("template") if item["kind"] in {"Deployment", "Job"} else None
        if template:
            kube.create(pod(template, restricted), dry_run=True)
    assert taken >= 9


@pytest.mark.parametrize("rule", sorted(name for name in WRONG if name.startswith("pod-security/")))
def test_what_our_rules_find_the_server_refuses(kube: Client, restricted: str, rule: str) -> None:
    item = next(one for one in WRONG[rule] if one["kind"] == "Deployment" and one["metadata"]["name"] == "harbour-web")
    wrong = pod(item["spec"]["template"], restricted)
    assert judge([wrong], pod_security.RULES)
    with pytest.raises(ApiFailure) as caught:
        kube.create(wrong, dry_run=True)
    assert caught.value.http in {403, 422}
    if rule not in ELSEWHERE:
        assert "PodSecurity" in str(caught.value)


def pod(template: Json, namespace: str) -> Json:
    """A pod as a workload would make it; its account and its class are not there in a dry run."""
    spec = copy.deepcopy(template["spec"])
    for field in ("serviceAccountName", "priorityClassName"):
        spec.pop(field, None)
    metadata = {"name": "pod", "namespace": namespace, "labels": template["metadata"]["labels"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def test_kinds_we_render_are_kinds_the_client_knows() -> None:
    for make in PROFILES.values():
        for item in render(make()).objects:
            assert kind_of(item)
