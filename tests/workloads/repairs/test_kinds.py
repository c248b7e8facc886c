"""A repair as a plain value: read exactly, refused otherwise; every kind says what it is and what it needs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from controlplane.core.errors import Conflict, Invalid
from tests.workloads.repairs.shop import deployment, service, template
from workloads.diagnosis.remedies import _KNOWN
from workloads.repairs import KINDS, Ref, Repair, needs, read, reads, undone, wanted
from workloads.repairs.offering.everything import OFFERS
from workloads.repairs.putting import put_back

WEB = Ref("Deployment", "web", "shop")
SCALE = Repair("scale", WEB, {"replicas": 3, "was": 1}, "Scale web to 3 (it is 1)", "deployment_zero_replicas", "app/web")


def test_what_was_written_is_read_again() -> None:
    assert read(json.loads(json.dumps(SCALE.as_json()))) == SCALE


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "format_the_disk"},
        {"kind": 7},
        {"more": 1},
        {"ref": {"kind": "Deployment", "name": "web", "namespace": "shop", "uid": "x"}},
        {"ref": "Deployment/web"},
        {"ref": {"kind": "Secret", "name": "web", "namespace": "shop"}},
        {"ref": {"kind": "Deployment", "name": "", "namespace": "shop"}},
        {"ref": {"kind": "Deployment", "name": "web"}},
        {"parameters": {"replicas": "3", "was": 1}},
        {"parameters": {"replicas": -1, "was": 1}},
        {"parameters": {"replicas": 3}},
        {"parameters": {"replicas": 3, "was": 1, "force": True}},
        {"parameters": []},
        {"summary": "x" * 2000},
        {"summary": None},
    ],
)
def test_anything_else_is_no_repair(change: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        read(SCALE.as_json() | change)


def test_a_node_has_no_namespace() -> None:
    with pytest.raises(Invalid):
        read(Repair("cordon", Ref("Node", "node-a", "shop")).as_json())
    assert read(Repair("cordon", Ref("Node", "node-a")).as_json()).ref.namespace == ""


def test_every_remedy_of_the_diagnosis_is_a_kind_or_an_instruction() -> None:
    named = {kind for known in _KNOWN.values() for kind, _, _ in known}
    assert named - {""} <= KINDS.keys()


def test_every_fault_with_offers_says_its_remedy_in_words_too() -> None:
    told = {"missing_volume_claim", "service_missing", "crash_loop", "node_not_ready", "volume_provisioning_failed"}
    told |= {"run_as_root_refused", "container_command_not_found", "image_registry_unreachable", "namespace_object_quota_exceeded"}
    told |= {"pod_affinity_conflict", "topology_spread_conflict", "pod_security_violation"}
    told |= {"limit_range_violation", "quota_requires_resources"}
    assert OFFERS.keys() - _KNOWN.keys() <= told


def test_every_kind_names_itself_its_risk_and_its_rights() -> None:
    for name, kind in KINDS.items():
        assert kind.name == name and kind.label and kind.risk in ("low", "medium", "high")
        assert kind.verbs[0] == "get"
    assert KINDS["scale"].needs[:2] == (("get", "deployments.apps"), ("patch", "deployments.apps"))
    assert [(each.verb, each.resource, each.namespace) for each in needs(SCALE)] == [
        ("get", "deployments.apps", "shop"),
        ("patch", "deployments.apps", "shop"),
    ]
    assert reads(SCALE) == ("Deployment", "Pod", "ReplicaSet")


def test_it_refuses_what_is_gone_what_is_another_and_what_has_moved_on() -> None:
    with pytest.raises(Conflict, match="not there any more"):
        wanted(SCALE, None)
    with pytest.raises(Invalid):
        wanted(SCALE, deployment("api"))
    with pytest.raises(Conflict, match=r"spec\.replicas is 2 now, not 1"):
        wanted(SCALE, deployment("web", replicas=2))


def test_only_what_is_meant_changes_and_the_live_object_stays() -> None:
    before = deployment("web")
    made = wanted(SCALE, before)
    assert made == before | {"spec": before["spec"] | {"replicas": 3}}
    assert before["spec"]["replicas"] == 1


def test_a_veiled_value_is_never_written() -> None:
    live = deployment("web", made=template(env=[{"name": "URL", "value": "old"}]))
    veiled = {"container": "web", "name": "URL", "was": "old", "to": "postgres://u:[redacted]@db"}
    with pytest.raises(Invalid, match="veiled"):
        wanted(Repair("set_variable", WEB, veiled), live)
    probe = {"httpGet": {"path": "/[redacted]", "port": 1}}
    with_probe = deployment("web", made=template(readinessProbe={"httpGet": {"path": "/", "port": 1}}))
    fix = {"container": "web", "probe": "readinessProbe", "was": {"httpGet": {"path": "/", "port": 1}}, "to": probe}
    with pytest.raises(Invalid, match="veiled"):
        wanted(Repair("fix_probe", WEB, fix), with_probe)


def test_what_looks_secret_is_not_kept_to_be_put_back() -> None:
    live = deployment("web", made=template(env=[{"name": "DATABASE_URL", "value": "postgres://u:hunter2hunter2@db/x"}]))
    edit = {
        "path": ["spec", "containers", "[name=web]", "env"],
        "was": [{"name": "DATABASE_URL", "value": "postgres://u:[redacted]@db/x"}],
    }
    back = Repair("return_template", WEB, {"revision": "1", "replica_set": "web-1", "edits": [edit]})
    assert "env" not in (wanted(back, live) or {})["spec"]["template"]["spec"]["containers"][0]
    assert undone(back, live) is None


def test_the_name_of_a_secret_is_put_back() -> None:
    made, before = deployment(), deployment()
    for item, name in ((before, "wbe"), (made, "web")):
        reference = {"secretKeyRef": {"name": name, "key": "SECRET_KEY"}}
        item["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "SECRET_KEY", "valueFrom": reference}]
    back = put_back(SCALE, before, made)
    assert back is not None
    assert [edit["to"] for edit in back.parameters["edits"]] == ["wbe"]


def test_a_service_is_put_back_as_it_was() -> None:
    before = service(selector={"app": "web", "tier": "gold"})
    fix = Repair(
        "fix_service", Ref("Service", "web", "shop"), {"selector": {"was": before["spec"]["selector"], "to": {"app": "web"}}}
    )
    made = wanted(fix, before)
    back = undone(fix, before)
    assert back is not None and back.kind == "put_back"
    assert wanted(back, made) == before
    with pytest.raises(Conflict):
        wanted(back, service(selector={"app": "web", "tier": "silver"}))


def test_what_was_created_is_removed_again_only_while_it_is_that() -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "runner", "namespace": "shop"}}
    create = Repair("create_declared", Ref("ServiceAccount", "runner", "shop"), {"object": account})
    made = wanted(create, None)
    assert made == account
    with pytest.raises(Conflict, match="there already"):
        wanted(create, made)
    back = undone(create, None)
    assert back is not None and wanted(back, account | {"secrets": [{"name": "more"}]}) is None
    with pytest.raises(Conflict, match="changed since"):
        wanted(back, account | {"apiVersion": "v2"})
