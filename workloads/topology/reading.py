"""Reading objects as the API gives them, which may lack anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]
EMPTY: Json = {}


def part(item: Any, *path: str) -> Json:
    """The mapping at this path; empty where there is none."""
    for name in path:
        item = item.get(name) if isinstance(item, Mapping) else None
    return item if isinstance(item, Mapping) else EMPTY


def listed(item: Any, *path: str) -> Sequence[Any]:
    """The list at this path; empty where there is none."""
    found = part(item, *path[:-1]).get(path[-1])
    return found if isinstance(found, list) else ()


def text(item: Any, *path: str) -> str:
    """The text at this path; empty where there is none."""
    found = part(item, *path[:-1]).get(path[-1])
    return "" if found is None else str(found)


def count(item: Any, *path: str) -> int:
    """The whole number at this path; nothing counts as 0."""
    found = part(item, *path[:-1]).get(path[-1])
    return found if isinstance(found, int) else 0


def labels(item: Json) -> Json:
    """Its labels."""
    return part(item, "metadata", "labels")


def named(item: Json) -> str:
    """Its name."""
    return text(item, "metadata", "name")


def chosen(selector: Json, marks: Json) -> bool:
    """Whether labels fit a selector that is not empty."""
    return bool(selector) and all(marks.get(name) == value for name, value in selector.items())


def owner(item: Json) -> tuple[str, str]:
    """Kind and name of what controls it; empty where nothing does."""
    owners = [one for one in listed(item, "metadata", "ownerReferences") if isinstance(one, Mapping)]
    found = next((one for one in owners if one.get("controller")), owners[0] if owners else EMPTY)
    return text(found, "kind"), text(found, "name")


def ours(item: Json) -> bool:
    """Whether Timonel made it."""
    return labels(item).get("app.kubernetes.io/managed-by") == "timonel"


def release(marks: Json) -> tuple[str, int | None]:
    """The release that labels name: how it is called, and its number."""
    number = text(marks, "timonel.dev/release")
    return text(marks, "app.kubernetes.io/version"), int(number) if number.isdecimal() and len(number) < 19 else None


def by_name(items: Iterable[Json]) -> dict[str, Json]:
    """The objects by their names."""
    return {named(item): item for item in items}


def image(reference: str) -> str:
    """An image as people read it: without the registry, its digest cut."""
    path, at, digest = reference.partition("@")
    first, slash, rest = path.partition("/")
    path = rest if slash and ("." in first or ":" in first or first == "localhost") else path
    return f"{path}{at}{digest[:19]}" if at else path
