"""Policies: nothing is found in what is rendered; everything is found in what is wrong."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.workloads.manifests.profiles import PROFILES, harbour, scaled
from workloads.manifests.policies import judge as judging
from workloads.manifests.policies.judge import judge
from workloads.manifests.render import render

Json = dict[str, Any]


@pytest.mark.parametrize("name", PROFILES)
def test_nothing_is_wrong_with_what_is_rendered(name: str) -> None:
    profile = PROFILES[name]()
    beside = render(replace(profile, set=profile.stable, live=None)).web  # the set that the stable Service selects
    found = [(fact.rule, fact.message) for fact in judge(render(profile).objects, among=beside)]
    allowed = {"polaris/deploymentMissingReplicas", "polaris/tlsSettingsMissing"} if profile.tier == "local" else set()
    small = {"polaris/deploymentMissingReplicas"} if profile.replicas == 1 else set()
    assert [one for one in found if one[0] not in allowed | small] == []


def test_every_rule_is_named_after_a_public_one_once() -> None:
    names = [one.ids[0] for one in judging.RULES]
    assert len(names) == len(set(names))
    assert {name.partition("/")[0] for one in judging.RULES for name in one.ids} == {"pod-security", "polaris", "kube-linter"}


def pod(change: Callable[[Json], None]) -> list[Json]:
    """The sample application with something wrong in its web process."""
    items = copy.deepcopy(list(render(scaled()).objects))
    web = next(item for item in items if item["kind"] == "Deployment" and item["metadata"]["name"] == "harbour-web")
    change(web["spec"]["template"]["spec"])
    return items


def web(change: Callable[[Json], None]) -> list[Json]:
    return pod(lambda spec: change(spec["containers"][0]))


def item(kind: str, change: Callable[[Json], None]) -> list[Json]:
    items = copy.deepcopy(list(render(scaled()).objects))
    change(next(one for one in items if one["kind"] == kind))
    return items


def without(kind: str) -> list[Json]:
    return [one for one in render(scaled()).objects if one["kind"] != kind]


def context(**values: Any) -> Callable[[Json], None]:
    return lambda one: one["securityContext"].update(values)


WRONG: dict[str, list[Json]] = {
    "pod-security/hostNamespaces": pod(lambda spec: spec.update(hostNetwork=True)),
    "pod-security/privileged": web(context(privileged=True, allowPrivilegeEscalation=True)),
    "pod-security/capabilities_baseline": web(context(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN"]})),
    "pod-security/hostPathVolumes": pod(lambda spec: spec["volumes"].append({"name": "etc", "hostPath": {"path": "/etc"}})),
    "pod-security/hostPorts": web(lambda one: one["ports"][0].update(hostPort=80)),
    "pod-security/hostProbesAndHostLifecycle": web(lambda one: one["livenessProbe"]["tcpSocket"].update(host="192.0.2.1")),
    "pod-security/appArmorProfile": web(context(appArmorProfile={"type": "Unconfined"})),
    "pod-security/seLinuxOptions": web(context(seLinuxOptions={"type": "spc_t"})),
    "pod-security/procMount": web(context(procMount="Unmasked")),
    "pod-security/seccompProfile_baseline": web(context(seccompProfile={"type": "Unconfined"})),
    "pod-security/sysctls": pod(lambda spec: spec["securityContext"].update(sysctls=[{"name": "kernel.msgmax", "value": "1"}])),
    "pod-security/windowsHostProcess": web(context(windowsOptions={"hostProcess": True})),
    "pod-security/restrictedVolumes": pod(
        lambda spec: spec["volumes"].append({"name": "nfs", "nfs": {"server": "a", "path": "/"}})
    ),
    "pod-security/allowPrivilegeEscalation": web(context(allowPrivilegeEscalation=True)),
    "pod-security/runAsNonRoot": pod(lambda spec: spec["securityContext"].pop("runAsNonRoot")),
    "pod-security/runAsUser": web(context(runAsUser=0)),
    "pod-security/seccompProfile_restricted": pod(lambda spec: spec["securityContext"].pop("seccompProfile")),
    "pod-security/capabilities_restricted": web(context(capabilities={})),
    "polaris/notReadOnlyRootFilesystem": web(context(readOnlyRootFilesystem=False)),
    "polaris/tagNotSpecified": web(lambda one: one.update(image="registry.example.com:5000/harbour")),
    "polaris/pullPolicyNotAlways": web(lambda one: one.update(image="harbour:1.0")),
    "polaris/readinessProbeMissing": web(lambda one: one.pop("readinessProbe")),
    "polaris/livenessProbeMissing": web(lambda one: one.pop("livenessProbe")),
    "kube-linter/liveness-port": web(lambda one: one["livenessProbe"]["tcpSocket"].update(port=9)),
    "polaris/cpuRequestsMissing": web(lambda one: one["resources"]["requests"].pop("cpu")),
    "polaris/memoryLimitsMissing": web(lambda one: one["resources"].pop("limits")),
    "polaris/sensitiveContainerEnvVar": web(lambda one: one["env"].append({"name": "DB_PASSWORD", "value": "x"})),
    "kube-linter/duplicate-env-var": web(lambda one: one["env"].append({"name": "HOME", "value": "/"})),
    "kube-linter/ssh-port": web(lambda one: one["ports"].append({"containerPort": 22})),
    "kube-linter/docker-sock": pod(
        lambda spec: spec["volumes"].append({"name": "s", "hostPath": {"path": "/var/run/docker.sock"}})
    ),
    "polaris/deploymentMissingReplicas": list(render(harbour(replicas=1)).objects),
    "polaris/topologySpreadConstraint": [
        {**one, "metadata": {**one["metadata"], "annotations": {}}}
        for one in pod(lambda spec: spec.pop("topologySpreadConstraints"))
    ],
    "polaris/missingPodDisruptionBudget": without("PodDisruptionBudget"),
    "polaris/pdbDisruptionsIsZero": item("PodDisruptionBudget", lambda one: one["spec"].update(maxUnavailable=0)),
    "kube-linter/pdb-unhealthy-pod-eviction-policy": item(
        "PodDisruptionBudget", lambda one: one["spec"].pop("unhealthyPodEvictionPolicy")
    ),
    "polaris/hpaMinAvailability": item("HorizontalPodAutoscaler", lambda one: one["spec"].update(minReplicas=1)),
    "polaris/hpaMaxAvailability": item("HorizontalPodAutoscaler", lambda one: one["spec"].update(maxReplicas=3)),
    "polaris/automountServiceAccountToken": without("RoleBinding"),
    "polaris/missingNetworkPolicy": without("NetworkPolicy"),
    "polaris/tlsSettingsMissing": item("Ingress", lambda one: one["spec"].pop("tls")),
    "polaris/sensitiveConfigmapContent": item("ConfigMap", lambda one: one["data"].update(API_TOKEN="x")),
    "kube-linter/job-ttl-seconds-after-finished": item("Job", lambda one: one["spec"].pop("ttlSecondsAfterFinished")),
    "kube-linter/no-extensions-v1beta": item("Ingress", lambda one: one.update(apiVersion="extensions/v1beta1")),
    "kube-linter/use-namespace": item("Deployment", lambda one: one["metadata"].pop("namespace")),
    "kube-linter/deprecated-service-account-field": pod(lambda spec: spec.update(serviceAccount="other")),
    "kube-linter/dangling-service": item("Service", lambda one: one["spec"]["selector"].update(a="b")),
    "kube-linter/invalid-target-ports": item("Service", lambda one: one["spec"]["ports"][0].update(targetPort="web")),
    "kube-linter/mismatching-selector": item("Deployment", lambda one: one["spec"]["selector"]["matchLabels"].update(a="b")),
    "kube-linter/non-existent-service-account": pod(lambda spec: spec.update(serviceAccountName="nobody")),
    "kube-linter/dangling-horizontalpodautoscaler": without("Deployment"),
    "kube-linter/dangling-ingress": without("Service"),
    "kube-linter/dangling-networkpolicy": item(
        "NetworkPolicy", lambda one: one["spec"]["podSelector"]["matchLabels"].update(a="b")
    ),
    "kube-linter/dangling-servicemonitor": without("Service"),
    "kube-linter/cluster-admin-role-binding": item("RoleBinding", lambda one: one["roleRef"].update(name="cluster-admin")),
    "kube-linter/wildcard-in-rules": item("Role", lambda one: one["rules"][0].update(verbs=["*"])),
    "polaris/rolePodExecAttach": item("Role", lambda one: one["rules"].append({"resources": ["pods/exec"], "verbs": ["create"]})),
    "kube-linter/access-to-secrets": item("Role", lambda one: one["rules"].append({"resources": ["secrets"], "verbs": ["list"]})),
    "kube-linter/access-to-create-pods": item(
        "Role", lambda one: one["rules"].append({"resources": ["pods"], "verbs": ["create"]})
    ),
}


@pytest.mark.parametrize("rule", WRONG)
def test_what_is_wrong_is_found_and_has_a_cure(rule: str) -> None:
    found = [fact for fact in judge(WRONG[rule]) if fact.rule == rule]
    assert found and all(fact.cure and fact.path and fact.severity for fact in found)


def test_every_rule_has_something_wrong_to_find() -> None:
    assert {one.ids[0] for one in judging.RULES} == set(WRONG)


def test_public_annotations_let_a_rule_be_but_never_pod_security() -> None:
    told = {"polaris.fairwinds.com/exempt": "true", "kube-linter.io/ignore-all": "because"}

    def let_be(items: list[Json]) -> list[Json]:
        return [{**one, "metadata": {**one["metadata"], "annotations": told}} for one in items]

    assert not judge(let_be(WRONG["polaris/readinessProbeMissing"]))
    assert judge(let_be(WRONG["polaris/readinessProbeMissing"]), exempt=False)
    assert judge(let_be(WRONG["pod-security/privileged"]))


KEYS = (
    "name", "spec", "securityContext", "containers", "env", "ports", "template", "metadata", "labels", "volumes", "resources",
    "type", "selector", "seccompProfile", "policyTypes", "maxUnavailable",
)  # fmt: skip
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["Pod", "Deployment", "CronJob", "Service", "Ingress", "Role", "RoleBinding", "ConfigMap", "Job"]), JSON, JSON
)
def test_an_object_of_any_shape_is_judged_and_breaks_nothing(kind: str, spec: Any, metadata: Any) -> None:
    judge([{"kind": kind, "spec": spec, "metadata": metadata, "rules": spec, "data": spec}])
