"""The same promises on a real cluster: writes, clashes, refusals, watches, kinds of others."""

from __future__ import annotations

import threading
import time

import pytest

from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.failures import Absent, Clash, Gone, Rejected
from workloads.adapters.kubernetes.following import follow
from workloads.adapters.kubernetes.kinds import Json, kind_named
from workloads.adapters.kubernetes.view import View

pytestmark = pytest.mark.cluster
NAMESPACE = "windows"
CONFIG = kind_named("ConfigMap")


def config(namespace: str, name: str = "settings", **data: str) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


def test_apply_owns_its_fields_and_a_dry_run_changes_nothing(kube: Client, namespace: str) -> None:
    kube.apply(config(namespace, a="1", b="1"), manager="one")
    assert kube.apply(config(namespace, a="2", b="1"), manager="one", dry_run=True)["data"]["a"] == "2"
    with pytest.raises(Clash, match="one"):
        kube.apply(config(namespace, a="3"), manager="two")
    assert kube.apply(config(namespace, a="1"), manager="one")["data"] == {"a": "1"}
    with pytest.raises(Clash) as told:
        kube.create(config(namespace))
    assert told.value.reason == "AlreadyExists"


def test_a_patch_on_condition_and_a_removal_by_uid(kube: Client, namespace: str) -> None:
    made = kube.apply(config(namespace, a="1"), manager="one")
    kube.patch(CONFIG, "settings", namespace, {"data": {"a": "2"}}, manager="one")
    stale = {"metadata": {"resourceVersion": made["metadata"]["resourceVersion"]}, "data": {"a": "3"}}
    with pytest.raises(Clash):
        kube.patch(CONFIG, "settings", namespace, stale, manager="one")
    with pytest.raises(Clash):
        kube.delete(CONFIG, "settings", namespace, uid="00000000-0000-4000-8000-000000000000")
    assert kube.delete(CONFIG, "settings", namespace, uid=made["metadata"]["uid"])
    assert not kube.delete(CONFIG, "settings", namespace)


def test_a_field_that_there_is_not_is_rejected_by_its_name(kube: Client, namespace: str) -> None:
    wrong = config(namespace) | {"datum": {"a": "1"}}
    with pytest.raises(Rejected, match="datum"):
        kube.apply(wrong, manager="one")


def test_what_changes_is_followed(kube: Client, namespace: str) -> None:
    kube.apply(config(namespace, a="1"), manager="one")
    events = follow(kube, CONFIG, namespace, seconds=20, window=5, fields="metadata.name!=kube-root-ca.crt")
    seen = [(event.type, event.item.get("data")) for event in (next(events), next(events))]
    assert seen == [("ADDED", {"a": "1"}), ("SYNCED", None)]
    threading.Timer(0.2, lambda: kube.apply(config(namespace, a="2"), manager="one")).start()
    changed = next(event for event in events if event.type != "IDLE")
    assert (changed.type, changed.item["data"]) == ("MODIFIED", {"a": "2"})
    kube.delete(CONFIG, "settings", namespace)
    assert next(event for event in events if event.type != "IDLE").type == "DELETED"


def test_a_version_of_long_ago_is_gone(kube: Client, namespace: str) -> None:
    with pytest.raises(Gone):
        list(kube.watch(CONFIG, "1", namespace, seconds=2))


def test_a_view_sees_a_new_object_without_listing_again(kube: Client, namespace: str) -> None:
    view = View(kube, CONFIG, namespace)
    assert all(item["metadata"]["name"] == "kube-root-ca.crt" for item in view.look().items)
    kube.apply(config(namespace, a="1"), manager="one")
    end = time.monotonic() + 5
    while "settings" not in {item["metadata"]["name"] for item in view.look().items} and time.monotonic() < end:
        time.sleep(0.05)
    assert "settings" in {item["metadata"]["name"] for item in view.look().items}


def test_the_kinds_of_others_are_found(kube: Client, namespace: str) -> None:
    group = f"{namespace}.example.org"
    names = {"plural": "boats", "singular": "boat", "kind": "Boat", "listKind": "BoatList"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    defined = {"group": group, "scope": "Namespaced", "names": names, "versions": [version]}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"boats.{group}"},
        "spec": defined,
    }
    with pytest.raises(Absent):
        kube.kind(f"{group}/v1", "Boat")
    kube.apply(definition, manager="one")
    try:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                kind = kube.kind(f"{group}/v1", "Boat")
                boat = {"apiVersion": f"{group}/v1", "kind": "Boat", "metadata": {"name": "anna", "namespace": namespace}}
                kube.apply(boat, manager="one")
                break
            except Absent:
                time.sleep(0.2)
        assert kube.get(kind, "anna", namespace) is not None
    finally:
        kube.delete(kube.kind("apiextensions.k8s.io/v1", "CustomResourceDefinition"), f"boats.{group}")
