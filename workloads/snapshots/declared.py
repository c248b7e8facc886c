"""What was declared where the cluster lacks it or runs it differently. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from workloads.quantities import amount
from workloads.snapshots.veil import APPLIED, Json

Key = tuple[str, str, str, str]


def differing(live: Iterable[Json], rendered: Iterable[Json] = ()) -> list[Json]:
    """The declared objects that are not as they run: from `rendered` manifests, or else from what kubectl noted on the object."""
    present = {_key(item): item for item in live}
    wanted = {_key(item): item for item in rendered}
    for key, item in present.items():
        noted = _noted(item)
        if noted is not None and key not in wanted:
            wanted[key] = noted
    return [item for key, item in sorted(wanted.items()) if key not in present or not _holds(present[key], item)]


def _noted(item: Json) -> Json | None:
    note = ((item.get("metadata") or {}).get("annotations") or {}).get(APPLIED)
    try:
        found = json.loads(note) if note else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _holds(live: Any, declared: Any) -> bool:
    """Whether everything declared is so; what the cluster adds is no difference."""
    if isinstance(declared, dict):
        return isinstance(live, dict) and all(_holds(live.get(name), item) for name, item in declared.items() if name != "status")
    if isinstance(declared, list):
        if not isinstance(live, list) or len(live) != len(declared):
            return not declared and live is None
        return all(_holds(one, other) for one, other in zip(live, declared, strict=True))
    if live == declared or str(live) == str(declared) or (declared in (None, "", 0, False) and live is None):
        return True
    one, other = (amount(value) if isinstance(value, str | int) else None for value in (live, declared))
    return one is not None and one == other


def _key(item: Json) -> Key:
    at = item.get("metadata") or {}
    return str(item.get("apiVersion")), str(item.get("kind")), str(at.get("namespace", "")), str(at.get("name", ""))
