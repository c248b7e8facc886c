"""Server-side apply in simple form: who owns which field, what clashes, what is removed."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
Path = tuple[str, ...]
Owners = dict[Path, set[str]]
KEYS = ("name", "containerPort", "port", "mountPath", "key", "type", "ip", "uid")
NUMBERS = {"containerPort", "port"}
SELECTOR = ("spec", "selector")  # atomic in the API: of one manager only


def leaves(value: Any, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Each field that holds a value; a list of named things by their names, any other list whole, and a selector whole."""
    if isinstance(value, dict) and value and at != SELECTOR:
        for name, item in value.items():
            yield from leaves(item, (*at, name))
    elif (key := _key(value)) is not None:
        for item in value:
            yield from leaves(item, (*at, f"[{key}={item[key]}]"))
    elif at:
        yield at, value


def applied(item: Json | None, wanted: Json, owners: Owners, manager: str, *, force: bool) -> tuple[Json, list[str]]:
    """The object after applying, and the clashes ('"kubectl": .spec.replicas') for which it must be refused."""
    result: Json = copy.deepcopy(item) if item else {}
    present, mine = dict(leaves(result)), dict(leaves(_own(wanted)))
    clashes = [
        f'"{", ".join(sorted(others))}": .{".".join(path)}'
        for path, value in mine.items()
        if (others := owners.get(path, set()) - {manager}) and present.get(path) != value
    ]
    if clashes and not force:
        return result, clashes
    lost = [path for path, who in owners.items() if who == {manager} and path not in mine]
    for path in sorted(lost, key=_names):  # what names a thing of a list goes last
        _remove(result, path)
        del owners[path]
    for path, value in mine.items():
        changed = present.get(path) != value
        _put(result, path, value)
        owners[path] = {manager} if changed else owners.get(path, set()) | {manager}
    return result, []


def managed(owners: Owners, api: str) -> list[Json]:
    """`metadata.managedFields`, in the API's own shape."""
    found: dict[str, Json] = {}
    for path, managers in owners.items():
        for manager in managers:
            place = found.setdefault(manager, {})
            for step in path:
                named = step.startswith("[")
                key, _, value = step[1:-1].partition("=")
                place = place.setdefault(f'k:{{"{key}":"{value}"}}' if named else f"f:{step}", {})
    return [
        {"manager": name, "operation": "Apply", "apiVersion": api, "fieldsType": "FieldsV1", "fieldsV1": fields}
        for name, fields in sorted(found.items())
    ]


def merged(item: Json, change: Json) -> Json:
    """RFC 7396."""
    result = dict(item)
    for name, value in change.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            held = result.get(name)
            result[name] = merged(held if isinstance(held, dict) else {}, value)
        else:
            result[name] = value
    return result


def _own(wanted: Json) -> Json:
    body = {name: value for name, value in wanted.items() if name not in {"apiVersion", "kind", "metadata", "status"}}
    metadata = wanted.get("metadata", {})
    kept = {name: metadata[name] for name in ("labels", "annotations", "ownerReferences", "finalizers") if name in metadata}
    return body | ({"metadata": kept} if kept else {})


def _names(path: Path) -> bool:
    return len(path) > 1 and path[-2].startswith(f"[{path[-1]}=")


def _key(value: Any) -> str | None:
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        return None
    return next((key for key in KEYS if all(key in item for item in value)), None)


def _put(place: Any, path: Path, value: Any) -> None:
    for step, following in itertools.pairwise(path):
        place = _step(place, step, [] if following.startswith("[") else {})
    last = path[-1]
    if last.startswith("["):
        _step(place, last, {})
    else:
        place[last] = copy.deepcopy(value)


def _step(place: Any, step: str, empty: Any) -> Any:
    if not step.startswith("["):
        if not isinstance(place.get(step), type(empty)):
            place[step] = empty
        return place[step]
    key, _, name = step[1:-1].partition("=")
    for item in place:
        if str(item.get(key)) == name:
            return item
    place.append({key: int(name) if key in NUMBERS else name})
    return place[-1]


def _remove(place: Any, path: Path) -> None:
    steps: list[tuple[Any, str]] = []
    for step in path:
        steps.append((place, step))
        if step.startswith("["):
            key, _, name = step[1:-1].partition("=")
            place = next((item for item in place if str(item.get(key)) == name), None)
        else:
            place = place.get(step) if isinstance(place, dict) else None
        if place is None:
            break
    holder, step = steps[-1]
    if isinstance(holder, dict):
        holder.pop(step, None)
    for holder, step in reversed(steps[:-1]):
        if isinstance(holder, dict) and not holder.get(step, True):
            holder.pop(step)
        elif isinstance(holder, list):
            holder[:] = [item for item in holder if item]
