"""What is kept of objects, what differs from what was declared, whose logs come first."""

from __future__ import annotations

import json

from workloads.quantities import amount
from workloads.snapshots import logs, telemetry
from workloads.snapshots.declared import differing
from workloads.snapshots.veil import APPLIED, Json, text, veiled


def deployment(replicas: int = 2, cpu: str = "500m", note: Json | None = None) -> Json:
    notes = {"annotations": {APPLIED: json.dumps(note)}} if note else {}
    container = {"name": "web", "image": "shop:1", "resources": {"requests": {"cpu": cpu}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", **notes},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [container]}}},
    }


def test_a_secret_keeps_its_name_and_no_value() -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db"},
        "data": {"PASSWORD": "aHVudGVyMg=="},
        "type": "Opaque",
    }
    assert veiled(secret) == {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "type": "Opaque"}


def test_secret_looking_values_are_masked_and_references_stay() -> None:
    env = [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "PORT", "value": "8000"}]
    env.append({"name": "API_TOKEN", "valueFrom": {"secretKeyRef": {"name": "api-token", "key": "token"}}})  # type: ignore[dict-item]
    item = deployment()
    item["spec"]["template"]["spec"] = {"containers": [{"name": "web", "env": env}], "volumes": [{"secret": {"secretName": "tls"}}]}
    item["metadata"]["managedFields"] = [{"manager": "kubectl"}]
    kept = veiled(item)
    container = kept["spec"]["template"]["spec"]["containers"][0]
    assert [one.get("value") for one in container["env"]] == ["[redacted]", "8000", None]
    assert container["env"][2]["valueFrom"]["secretKeyRef"] == {"name": "api-token", "key": "token"}
    assert kept["spec"]["template"]["spec"]["volumes"] == [{"secret": {"secretName": "tls"}}]
    assert "managedFields" not in kept["metadata"]


def test_a_config_map_keeps_what_is_no_secret() -> None:
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"SECRET_KEY": "abc123", "DEBUG": "off"}}
    assert veiled(item)["data"] == {"SECRET_KEY": "[redacted]", "DEBUG": "off"}


def test_what_kubectl_noted_and_the_cluster_runs_otherwise_is_declared() -> None:
    assert differing([deployment(0, note=deployment(2))]) == [deployment(2)]
    assert differing([deployment(2, note=deployment(2))]) == []


def test_the_same_amount_in_other_words_is_no_difference() -> None:
    assert differing([deployment(cpu="1", note=deployment(cpu="1000m"))]) == []


def test_what_was_rendered_and_is_lacking_is_declared() -> None:
    assert differing([], [deployment()]) == [deployment()]


def test_logs_of_the_unwell_come_first_with_those_before_a_restart() -> None:
    pods = [pod("fine"), pod("crashing", ready=False, restarts=5), pod("waiting", ready=False, state="waiting")]
    wanted, left = logs.wanted(pods, 2)
    assert [(log.pod, log.previous) for log in wanted] == [("crashing", False), ("crashing", True)]
    assert left == 1


def pod(name: str, *, ready: bool = True, restarts: int = 0, state: str = "running") -> Json:
    status = {"name": "web", "ready": ready, "restartCount": restarts, "state": {state: {}}}
    return {"kind": "Pod", "metadata": {"name": name, "namespace": "shop"}, "status": {"containerStatuses": [status]}}


def test_a_pod_belongs_to_its_deployment() -> None:
    owner = [{"kind": "ReplicaSet", "name": "web-1", "controller": True}]
    above = [{"kind": "Deployment", "name": "web", "controller": True}]
    replicas = {"kind": "ReplicaSet", "metadata": {"name": "web-1", "namespace": "shop", "ownerReferences": above}}
    one = {"kind": "Pod", "metadata": {"name": "web-1-x", "namespace": "shop", "ownerReferences": owner}}
    assert telemetry.owners([replicas, one]) == {("shop", "web-1-x"): "web"}


def test_amounts_are_read_as_kubernetes_writes_them() -> None:
    told = {"250m": 0.25, "1Gi": 2**30, "1e3": 1000, "2": 2, "12345n": 12345e-9, "1.5M": 1.5e6}
    assert {said: amount(said) for said in told} == told
    unreadable: list[object] = ["lots", "1e999999999", "9" * 400, "5i", "1.2.3", "", {}, None]
    assert [amount(said) for said in unreadable] == [None] * len(unreadable)


def test_the_name_of_a_secret_in_an_event_stays() -> None:
    said = "Error: couldn't find key URL in Secret shop/web-config-2024 token=abcdefgh12345"
    assert text(said) == "Error: couldn't find key URL in Secret shop/web-config-2024 token=[redacted]"
