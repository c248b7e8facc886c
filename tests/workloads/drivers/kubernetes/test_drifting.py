"""Three sides of an object: what drifted, what is let be, who did it. Pure."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from workloads.drivers.kubernetes.drifting import GONE, added, by, compared, fields, ignored, owned, restored

WANTED: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"app": "shop"}},
    "spec": {
        "replicas": 3,
        "template": {"spec": {"containers": [{"name": "web", "image": "a", "env": [{"name": "A", "value": "1"}]}]}},
    },
}


def live(**edits: Any) -> dict[str, Any]:
    found = copy.deepcopy(WANTED)
    found["metadata"] |= {"uid": "u", "resourceVersion": "7", "generation": 2, "managedFields": []}
    found["status"] = {"replicas": 3}
    found["spec"] |= edits
    return found


def test_what_the_server_keeps_for_itself_is_no_drift() -> None:
    assert fields(live(), WANTED, WANTED, "Deployment/web", ()) == []


def test_a_field_with_another_value_drifted_and_goes_back() -> None:
    now = live(replicas=5)
    [found] = fields(now, live(), WANTED, "Deployment/web", ())
    assert (found.name, found.before, found.after) == ("spec.replicas", 5, 3)
    assert restored(now, [found])["spec"]["replicas"] == 3


def test_an_entry_that_somebody_added_to_a_list_is_found_by_its_name() -> None:
    now = live()
    now["spec"]["template"]["spec"]["containers"][0]["env"].append({"name": "DEBUG", "value": "1"})
    theirs: dict[str, Any] = {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"web"}': {".": {}, "f:env": {'k:{"name":"DEBUG"}': {".": {}, "f:name": {}, "f:value": {}}}}}}}}}  # fmt: skip # noqa: E501
    now["metadata"]["managedFields"] = [{"manager": "kubectl-edit", "operation": "Update", "time": "T", "fieldsV1": theirs}]
    found = fields(now, now, WANTED, "Deployment/web", ())
    assert [one.name for one in found] == ["spec.template.spec.containers[web].env[DEBUG]"]
    assert restored(now, found)["spec"] == WANTED["spec"]
    assert [one.manager for one in by(now, found)] == ["kubectl-edit"]
    assert all(one.after is GONE for one in found)


def test_a_controller_s_fields_are_its_own() -> None:
    now = live(paused=True)
    theirs: dict[str, Any] = {"f:spec": {"f:paused": {}}}
    now["metadata"]["managedFields"] = [{"manager": "kube-controller-manager", "operation": "Update", "fieldsV1": theirs}]
    assert added(now, WANTED) == []
    now["metadata"]["managedFields"] = [{"manager": "scaler", "subresource": "scale", "operation": "Update", "fieldsV1": theirs}]
    assert added(now, WANTED) == []


@pytest.mark.parametrize(
    ("rule", "is_let_be"),
    [
        ("Deployment/web:spec.replicas", True),
        ("*:spec.replicas", True),
        ("Deployment/*:spec", True),
        ("*:spec.repl*", True),
        ("Service/web:spec.replicas", False),
        ("*:spec.template", False),
    ],
)
def test_rules_name_an_object_and_a_field(rule: str, is_let_be: bool) -> None:
    assert ignored("Deployment/web", "spec.replicas", [rule]) is is_let_be


def test_lists_without_names_differ_as_a_whole() -> None:
    [found] = compared({"args": ["a", "b"]}, {"args": ["a"]})
    assert (found.name, found.before, found.after) == ("args", ["a", "b"], ["a"])


def test_keys_of_a_record_become_paths() -> None:
    record: dict[str, Any] = {
        "f:metadata": {"f:labels": {".": {}, "f:team": {}}},
        "f:spec": {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {}}},
    }
    assert list(owned(record)) == [("metadata", "labels", "team"), ("spec", "ports")]
