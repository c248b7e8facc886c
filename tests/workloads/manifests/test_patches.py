"""A person's patches over what is generated."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.core.errors import Invalid
from tests.workloads.manifests.finding import container, one, pod, some
from tests.workloads.manifests.profiles import green, harbour
from workloads.manifests.difference import difference
from workloads.manifests.patches import merged
from workloads.manifests.profile import Profile
from workloads.manifests.render import render

Json = dict[str, Any]


def patched(*patches: Json, **given: Any) -> Profile:
    return harbour(patches=patches, **given)


def in_web(container: Json) -> Json:
    spec = {"template": {"spec": {"containers": [{"name": "web", **container}]}}}
    return {"kind": "Deployment", "component": "web", "patch": {"spec": spec}}


def test_containers_are_merged_by_name_and_their_variables_too() -> None:
    found = container(patched(in_web({"env": [{"name": "EXTRA", "value": "1"}, {"name": "HOME", "value": "/home"}]})))
    assert found["env"] == [{"name": "HOME", "value": "/home"}, {"name": "EXTRA", "value": "1"}]
    assert found["image"] == harbour().image


def test_a_sidecar_is_added_behind_what_is_there() -> None:
    sidecar = {"name": "proxy", "image": "proxy@sha256:" + "0" * 64}
    patch = {"kind": "Deployment", "name": "harbour-web", "patch": {"spec": {"template": {"spec": {"containers": [sidecar]}}}}}
    assert [one["name"] for one in pod(patched(patch))["containers"]] == ["web", "proxy"]


def test_mounts_are_told_apart_by_their_path_and_volumes_by_name() -> None:
    patch = in_web({"volumeMounts": [{"name": "cache", "mountPath": "/cache"}]})
    more = {
        "kind": "Deployment",
        "component": "web",
        "patch": {"spec": {"template": {"spec": {"volumes": [{"name": "cache", "emptyDir": {}}]}}}},
    }
    spec = pod(patched(patch, more))
    assert [mount["mountPath"] for mount in spec["containers"][0]["volumeMounts"]] == ["/tmp", "/cache"]
    assert [volume["name"] for volume in spec["volumes"]] == ["tmp", "cache"]


def test_lists_without_a_key_are_replaced() -> None:
    assert container(patched(in_web({"command": ["sh"]})))["command"] == ["sh"]


def test_null_removes_a_field_and_a_directive_removes_an_item() -> None:
    assert "lifecycle" not in container(patched(in_web({"lifecycle": None})))
    assert "lifecycle" not in container(patched(in_web({"lifecycle": {"$patch": "delete"}})))
    assert [one["name"] for one in container(patched(in_web({"env": [{"name": "HOME", "$patch": "delete"}]}))).get("env", [])] == []


def test_replace_leaves_nothing_of_what_was_there() -> None:
    resources = {"$patch": "replace", "requests": {"cpu": "1"}}
    assert container(patched(in_web({"resources": resources})))["resources"] == {"requests": {"cpu": "1"}}
    volumes = {
        "spec": {"template": {"spec": {"volumes": [{"name": "tmp", "emptyDir": {"medium": "Memory"}}, {"$patch": "replace"}]}}}
    }
    spec = pod(patched({"kind": "Deployment", "component": "web", "patch": volumes}))
    assert spec["volumes"] == [{"name": "tmp", "emptyDir": {"medium": "Memory"}}]


def test_an_object_may_be_left_out() -> None:
    found = patched({"kind": "PodDisruptionBudget", "name": "harbour-worker", "patch": {"$patch": "delete"}})
    assert [item["metadata"]["name"] for item in some(found, "PodDisruptionBudget")] == ["harbour-web"]


def test_a_patch_may_be_written_as_a_part_of_the_object() -> None:
    patch = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "harbour", "annotations": {"a": "b"}},
        "spec": {"type": "NodePort"},
    }
    service = one(patched(patch), "Service")
    assert (service["metadata"]["annotations"], service["spec"]["type"]) == ({"a": "b"}, "NodePort")
    assert service["metadata"]["labels"] == one(harbour(), "Service")["metadata"]["labels"]


def test_without_a_name_every_object_of_the_kind_is_met() -> None:
    found = patched({"kind": "Deployment", "patch": {"spec": {"revisionHistoryLimit": 1}}})
    assert {item["spec"]["revisionHistoryLimit"] for item in some(found, "Deployment")} == {1}


def test_a_name_need_not_say_a_set_or_a_digest() -> None:
    from dataclasses import replace

    named = {"kind": "Deployment", "name": "harbour-web", "patch": {"spec": {"minReadySeconds": 9}}}
    assert render(replace(green(), patches=(named,))).web[0]["spec"]["minReadySeconds"] == 9
    job = {"kind": "Job", "name": "harbour-migrate", "patch": {"spec": {"activeDeadlineSeconds": 5}}}
    assert one(patched(job), "Job")["spec"]["activeDeadlineSeconds"] == 5


def test_a_patched_migration_is_another_job() -> None:
    job = {"kind": "Job", "name": "harbour-migrate", "patch": {"spec": {"activeDeadlineSeconds": 5}}}
    assert one(patched(job), "Job")["metadata"]["name"] != one(harbour(), "Job")["metadata"]["name"]


@pytest.mark.parametrize(
    ("patch", "says", "cure"),
    [
        (
            {"kind": "Deployment", "name": "harbour-wbe", "patch": {}},
            "Patch 1 meets nothing: Deployment harbour-wbe",
            "harbour-web",
        ),
        ({"kind": "Deployment", "name": "harbour", "patch": {}}, "meets nothing", "harbour-web"),
        ({"kind": "DaemonSet", "patch": {}}, "meets nothing: DaemonSet", "Deployment"),
        ({"kind": "Deployment", "component": "wen", "patch": {}}, "meets nothing: Deployment wen", "harbour-web"),
        ({"name": "harbour-web"}, "names no kind", '"kind"'),
        ({"kind": "ConfigMap", "patch": {"data": {"A": "1"}}}, "whose name is made from its content", "Set the variable"),
        (
            {"kind": "Service", "patch": {"spec": {"selector": {"a": "b"}}}},
            "changes spec.selector of Service harbour",
            "Leave that out",
        ),
        ({"kind": "Service", "patch": {"metadata": {"name": "other"}}}, "changes metadata.name", "Leave that out"),
        (
            in_web({"env": [{"name": "NONE", "$patch": "delete"}]}),
            "deletes 'NONE' from env, where it is not",
            "as they are generated",
        ),
        ({"kind": "Service", "patch": ["spec"]}, "content is not a map", '"patch"'),
    ],
)
def test_a_patch_that_cannot_be_meant_is_refused(patch: Json, says: str, cure: str) -> None:
    with pytest.raises(Invalid) as caught:
        render(patched(patch))
    assert says in caught.value.message
    assert cure in caught.value.cure


def test_what_is_patched_was_not_changed_in_place() -> None:
    profile = patched(in_web({"env": [{"name": "A", "value": "1"}]}))
    before = copy.deepcopy(profile.patches)
    render(profile)
    assert (profile.patches, render(profile).objects) == (before, render(profile).objects)


SCALARS = st.one_of(st.integers(), st.booleans(), st.text(max_size=3))
NAMED = st.lists(st.sampled_from("abcd"), unique=True, max_size=3).flatmap(
    lambda names: st.tuples(*(st.fixed_dictionaries({"name": st.just(name)}, optional={"value": SCALARS}) for name in names)).map(
        list
    )
)
OBJECTS = st.recursive(
    st.dictionaries(st.sampled_from("xyz"), st.one_of(SCALARS, st.lists(SCALARS, max_size=2)), max_size=3),
    lambda inner: st.fixed_dictionaries({}, optional={"env": NAMED, "spec": inner, "containers": NAMED}),
    max_leaves=5,
)


@given(OBJECTS, OBJECTS)
def test_the_difference_of_two_objects_leads_from_one_to_the_other(old: Json, new: Json) -> None:
    assert merged(old, difference(old, new)) == new


@given(OBJECTS)
def test_an_empty_patch_changes_nothing(item: Json) -> None:
    assert merged(item, {}) == item
    assert difference(item, item) == {}
