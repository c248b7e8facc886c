"""Diffs as people read them. Pure."""

from __future__ import annotations

from typing import Any

from workloads.drivers.kubernetes.differences import clashes, diff


def seal(value: str) -> str:
    return f"sealed {len(value)}"


def test_only_what_is_asked_for_and_what_differs_is_shown() -> None:
    live = {"kind": "Deployment", "metadata": {"name": "web", "uid": "u"}, "spec": {"replicas": 1, "paused": False}, "status": {}}
    then = {"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 2, "paused": False}}
    text = diff(live, then, {"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 2}}, seal)
    assert "-  replicas: 1" in text
    assert "+  replicas: 2" in text
    assert "paused" not in text
    assert "uid" not in text


def test_what_follows_the_release_is_no_difference() -> None:
    def at(release: str) -> dict[str, Any]:
        labels = {"timonel.dev/release": release, "app": "shop"}
        return {"kind": "Service", "metadata": {"name": "shop", "labels": labels, "annotations": {"timonel.dev/fence": release}}}

    assert diff(at("1"), at("2"), at("2"), seal) == ""


def test_a_secret_s_values_are_sealed() -> None:
    secret = {"kind": "Secret", "metadata": {"name": "s"}, "data": {"TOKEN": "aHVzaA=="}}
    other = {**secret, "data": {"TOKEN": "aHVzaGh1c2g="}}
    text = diff(secret, other, other, seal)
    assert "aHVzaA" not in text
    assert [line[:8] for line in text.splitlines() if "TOKEN" in line] == ["-  TOKEN", "+  TOKEN"]


def test_the_server_s_words_about_a_conflict_name_manager_and_fields() -> None:
    several = 'Apply failed with 2 conflicts: conflicts with "kubectl" using apps/v1:\n- .spec.replicas\n- .spec.paused'
    assert clashes(several) == [("kubectl", (".spec.replicas", ".spec.paused"))]
    single = 'Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .data.key'
    assert clashes(single) == [("kubectl-edit", (".data.key",))]
