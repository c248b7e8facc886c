"""The patch that leads from one object to another: `merged(old, difference(old, new)) == new`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workloads.manifests.patches import DIRECTIVE, merge_key

Json = dict[str, Any]


def difference(old: Any, new: Any) -> Json:
    """What of `new` is not in `old`, as a strategic merge patch; empty where both are the same."""
    found: Json = {}
    for name in [*new, *(name for name in old if name not in new)]:
        if name not in new:
            found[name] = None
        elif name not in old:
            found[name] = new[name]
        elif old[name] != new[name]:
            found[name] = _changed(old[name], new[name], name)
    return found


def _changed(old: Any, new: Any, field: str) -> Any:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return difference(old, new)
    if isinstance(old, list) and isinstance(new, list) and (key := merge_key(field, [*old, *new])):
        return _items(old, new, key)
    return new


def _items(old: list[Json], new: list[Json], key: str) -> list[Json]:
    before, after = {item[key]: item for item in old}, {item[key]: item for item in new}
    kept = [name for name in before if name in after]
    if list(after)[: len(kept)] != kept:  # a merge keeps what was there in front, in its order
        return [*new, {DIRECTIVE: "replace"}]
    found: list[Json] = []
    for name, item in after.items():
        if name not in before:
            found.append(item)
        elif before[name] != item:
            found.append({key: name, **difference(before[name], item)})
    return [*found, *({key: name, DIRECTIVE: "delete"} for name in before if name not in after)]
