"""Findings: what is reported, and the false alarms that other tools are known for and this one does not give."""

from __future__ import annotations

from typing import Any

import pytest

from tests.evals.diagnosis.building import CASES, about, build, cases
from workloads.diagnosis.findings.everything import findings
from workloads.diagnosis.snapshot import Snapshot
from workloads.diagnosis.view.cluster import View


def thing(kind: str, name: str, namespace: str = "shop", **rest: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name, "namespace": namespace}, **rest}


def rules(*objects: dict[str, Any]) -> set[str]:
    healthy = build(CASES / "healthy")
    return {each.rule for each in findings(View(Snapshot(objects=(*healthy.objects, *objects), namespace="shop")))}


def scaler(namespace: str = "shop", target: str = "web", **status: Any) -> dict[str, Any]:
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": target}, "minReplicas": 1, "maxReplicas": 5}
    return thing("HorizontalPodAutoscaler", "web", namespace, spec=spec, status=status)


def test_healthy_clusters_have_nothing_grave() -> None:
    for case in cases():
        if about(case)["expected"]["verdict"] == "healthy":
            assert [each for each in findings(View(build(case))) if each.severity in ("high", "critical")] == [], case.name


@pytest.mark.parametrize(
    "harmless",
    [
        scaler(currentReplicas=1, conditions=[{"type": "ScalingLimited", "status": "True", "reason": "TooFewReplicas"}]),
        scaler(namespace="elsewhere", target="theirs"),
        thing("ConfigMap", "kube-root-ca.crt", data={"ca.crt": "x"}),
        {
            **thing("ConfigMap", "dashboards", data={"a": "b"}),
            "metadata": {"name": "d", "namespace": "shop", "labels": {"grafana_dashboard": "1"}},
        },
        thing(
            "Node",
            "cloud",
            "",
            status={"conditions": [{"type": "Ready", "status": "True"}, {"type": "EtcdIsVoter", "status": "True"}]},
        ),
        thing("PersistentVolumeClaim", "later", spec={"storageClassName": "lazy"}, status={"phase": "Bound"}),
    ],
    ids=["at its minimum", "in another namespace", "of the cluster", "read by a sidecar", "a cloud's own condition", "bound"],
)
def test_what_is_harmless_is_not_reported(harmless: dict[str, Any]) -> None:
    assert rules(harmless) == set()


@pytest.mark.parametrize(
    ("rule", "harmful"),
    [
        ("autoscaler_target_missing", scaler(target="gone")),
        ("configmap_unused", thing("ConfigMap", "left-over", data={"a": "b"})),
        ("cronjob_schedule_invalid", thing("CronJob", "nightly", spec={"schedule": "at night"})),
        (
            "ingress_service_missing",
            thing("Ingress", "old", spec={"rules": [{"http": {"paths": [{"backend": {"service": {"name": "x"}}}]}}]}),
        ),
        (
            "budget_never_yields",
            thing("PodDisruptionBudget", "b", spec={"maxUnavailable": 0, "selector": {"matchLabels": {"app": "web"}}}),
        ),
        ("policy_keeps_callers_out", thing("NetworkPolicy", "n", spec={"podSelector": {"matchLabels": {"app": "db"}}})),
        ("gateway_class_missing", thing("Gateway", "g", spec={"gatewayClassName": "none"})),
        ("route_service_missing", thing("HTTPRoute", "r", spec={"rules": [{"backendRefs": [{"name": "x", "port": 80}]}]})),
        (
            "account_is_cluster_admin",
            {
                **thing("ClusterRoleBinding", "c", ""),
                "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
                "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "shop"}],
            },
        ),
        (
            "webhook_service_missing",
            thing(
                "ValidatingWebhookConfiguration",
                "w",
                "",
                webhooks=[{"clientConfig": {"service": {"name": "x", "namespace": "shop"}}}],
            ),
        ),
        (
            "job_failed",
            thing("Job", "j", status={"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}),
        ),
        ("claim_pending", thing("PersistentVolumeClaim", "p", spec={"storageClassName": ""}, status={"phase": "Pending"})),
    ],
)
def test_what_is_worth_mending_is_reported(rule: str, harmful: dict[str, Any]) -> None:
    extra = [thing("GatewayClass", "there", "")] if rule == "gateway_class_missing" else []
    assert rule in rules(harmful, *extra)
