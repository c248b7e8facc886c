"""What objects say of themselves: names, labels, owners, releases, images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from workloads.unchecked import EMPTY, rows, table, word

Json = Mapping[str, Any]


def labels(item: Json) -> Json:
    """Its labels."""
    return table(item, "metadata", "labels")


def named(item: Json) -> str:
    """Its name."""
    return word(item, "metadata", "name")


def chosen(selector: Json, marks: Json) -> bool:
    """Whether labels fit a selector that is not empty."""
    return bool(selector) and all(marks.get(name) == value for name, value in selector.items())


def owner(item: Json) -> tuple[str, str]:
    """Kind and name of what controls it; empty where nothing does."""
    owners = rows(item, "metadata", "ownerReferences")
    found = next((one for one in owners if one.get("controller")), owners[0] if owners else EMPTY)
    return word(found, "kind"), word(found, "name")


def ours(item: Json) -> bool:
    """Whether Timonel made it."""
    return labels(item).get("app.kubernetes.io/managed-by") == "timonel"


def release(marks: Json) -> tuple[str, int | None]:
    """The release that labels name: how it is called, and its number."""
    number = word(marks, "timonel.dev/release")
    return word(marks, "app.kubernetes.io/version"), int(number) if number.isdecimal() and len(number) < 19 else None


def by_name(items: Iterable[Json]) -> dict[str, Json]:
    """The objects by their names."""
    return {named(item): item for item in items}


def image(reference: str) -> str:
    """An image as people read it: without the registry, its digest cut."""
    path, at, digest = reference.partition("@")
    first, slash, rest = path.partition("/")
    path = rest if slash and ("." in first or ":" in first or first == "localhost") else path
    return f"{path}{at}{digest[:19]}" if at else path
