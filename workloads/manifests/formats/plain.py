"""One file an object, numbered in the order in which they are applied."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workloads.manifests import names, text
from workloads.manifests.profile import Profile
from workloads.manifests.render import render

Json = dict[str, Any]
DIGESTED = frozenset({"ConfigMap", "Job", "ExternalSecret"})  # their names end in a digest, which a file's name must not


def files(profile: Profile) -> dict[str, str]:
    """Every object but Secrets; those as an example, with what they must hold."""
    rendered = render(profile)
    found = numbered(rendered.public)
    if rendered.secrets:
        found["secrets.example.yaml"] = example(rendered.secrets)
    return dict(sorted(found.items()))


def numbered(items: Iterable[Json]) -> dict[str, str]:
    """File names that do not change from release to release, so that a repository's history tells what did."""
    found: dict[str, str] = {}
    for number, item in enumerate(items, 1):
        called = str(item["metadata"]["name"])
        name = called.rpartition("-")[0] if item["kind"] in DIGESTED else called
        found[f"{number:02}-{names.dns(item['kind'])}-{name}.yaml"] = text.document(item)
    return found


def example(items: Iterable[Json]) -> str:
    """The Secrets with a place for each value."""
    told = "# Apply this with real values, by hand or by your own means; never commit it.\n"
    return told + text.documents(_example(item) for item in items)


def _example(item: Json) -> Json:
    rest = {name: value for name, value in item.items() if name not in {"data", "stringData"}}
    return {**rest, "stringData": dict.fromkeys(item.get("data", {}), "<value>")}
