"""Offline: the schemas of the five newest versions of Kubernetes, and our own for custom kinds."""

from __future__ import annotations

import copy

import pytest

from tests.workloads.manifests.finding import one
from tests.workloads.manifests.profiles import PROFILES, canary, external, harbour, scaled
from workloads.adapters import schemas
from workloads.manifests.render import render
from workloads.manifests.validation import custom


def test_five_versions_are_known_newest_first() -> None:
    found = schemas.newest()
    assert len(found) == 5
    assert list(found) == sorted(found, key=lambda version: int(version.partition(".")[2]), reverse=True)


@pytest.mark.parametrize("name", PROFILES)
def test_what_is_rendered_is_valid_in_each_of_them(name: str) -> None:
    for item in render(PROFILES[name]()).objects:
        found = {version: schemas.problems(item, version) for version in schemas.newest()}
        own = custom.problems(item)
        assert set(found.values()) == {()} or own == (), (item["kind"], found, own)


def test_an_unknown_field_and_a_wrong_type_are_named_with_their_place() -> None:
    item = copy.deepcopy(one(harbour(), "Deployment", "harbour-web"))
    item["spec"]["replicas"] = "three"
    item["spec"]["template"]["spec"]["tolerance"] = 1
    found = schemas.problems(item, schemas.newest()[0])
    assert found is not None
    assert found[0].startswith("spec.replicas: 'three' is not of type")
    assert "'tolerance' was unexpected" in found[1]


def test_a_kind_that_is_not_kubernetes_own_is_left_to_others() -> None:
    assert schemas.problems({"apiVersion": "example.com/v1", "kind": "Thing"}, "1.35") is None
    assert schemas.problems({"apiVersion": "../../etc", "kind": "Passwd"}, "1.35") is None
    assert custom.problems({"apiVersion": "example.com/v1", "kind": "Thing"}) is None


def test_custom_kinds_have_what_their_projects_ask_for() -> None:
    route = copy.deepcopy(one(canary(), "HTTPRoute"))
    route["spec"]["rules"][0]["backendRefs"][0]["weight"] = -1
    assert custom.problems(route) == ("spec.rules.0.backendRefs.0.weight: -1 is less than the minimum of 0",)
    secret = copy.deepcopy(one(external(), "ExternalSecret"))
    del secret["spec"]["data"][0]["remoteRef"]["key"]
    assert custom.problems(secret) == ("spec.data.0.remoteRef: 'key' is a required property",)
    rule = copy.deepcopy(one(scaled(), "PrometheusRule"))
    rule["spec"]["groups"][0]["rules"][0]["for"] = "soon"
    assert "does not match" in str(custom.problems(rule))
    scaler = copy.deepcopy(one(scaled(), "ScaledObject"))
    scaler["spec"]["triggers"][0]["metadata"]["listLength"] = 50
    assert custom.problems(scaler) == ("spec.triggers.0.metadata.listLength: 50 is not of type 'string'",)
