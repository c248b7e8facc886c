"""Finding one object, or one container, in what was rendered."""

from __future__ import annotations

from typing import Any

from workloads.manifests.profile import Profile
from workloads.manifests.render import render

Json = dict[str, Any]


def one(profile: Profile, kind: str, name: str = "") -> Json:
    """The only object of a kind, or the one of this name."""
    found = [item for item in render(profile).objects if item["kind"] == kind and name in {"", item["metadata"]["name"]}]
    assert len(found) == 1, [item["metadata"]["name"] for item in found]
    return found[0]


def some(profile: Profile, kind: str) -> list[Json]:
    """Every object of a kind."""
    return [item for item in render(profile).objects if item["kind"] == kind]


def container(profile: Profile, name: str = "web") -> Json:
    """The container of a process."""
    found = [item for item in render(profile).workloads if item["kind"] == "Deployment"]
    return next(one for item in found for one in item["spec"]["template"]["spec"]["containers"] if one["name"] == name)


def pod(profile: Profile, name: str = "web") -> Json:
    """The pod template's spec of a process."""
    label = "app.kubernetes.io/component"
    found = [
        item for item in render(profile).workloads if item["kind"] == "Deployment" and item["metadata"]["labels"][label] == name
    ]
    spec: Json = found[0]["spec"]["template"]["spec"]
    return spec
