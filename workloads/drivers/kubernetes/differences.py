"""Pure: how an object would differ from the live one, as people read it. Secrets are masked by keyed digests; what the server
keeps for itself, defaults that stay, and what merely follows the release are left out."""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from controlplane.core.redaction import redact
from workloads.drivers.kubernetes import parts

Json = dict[str, Any]
Seal = Callable[[str], str]
LONGEST = 20_000  # characters of a diff that are shown; its digest binds all of it
SERVERS = ("managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink", "deletionGracePeriodSeconds")
FOLLOWS = ("timonel.dev/release", "app.kubernetes.io/version")  # labels that change with each release
SERVER_NOTES = (
    "deployment.kubernetes.io/revision",
    "kubectl.kubernetes.io/last-applied-configuration",
    "timonel.dev/commit",
    *parts.OURS,
)


def diff(live: Mapping[str, Any] | None, then: Mapping[str, Any] | None, wanted: Mapping[str, Any], seal: Seal) -> str:
    """A unified diff of what is and what would be; empty where nothing that matters differs."""
    before, after = (tidy(side, seal) if side else None for side in (live, then))
    if before is not None and after is not None:
        before, after = projected(before, after, tidy(wanted, seal))
    old, new = (written(side) if side else [] for side in (before, after))
    return redact("\n".join(list(difflib.unified_diff(old, new, lineterm="", n=3))[2:]))


def tidy(item: Mapping[str, Any], seal: Seal) -> Json:
    """The object without what the server keeps for itself and what follows the release; values of Secrets sealed."""
    found: Json = copy.deepcopy(dict(item))
    found.pop("status", None)
    _tidy_metadata(found.get("metadata", {}))
    template = found.get("spec", {}).get("template") if isinstance(found.get("spec"), dict) else None
    if isinstance(template, dict):
        _tidy_metadata(template.get("metadata", {}))
    if found.get("kind") == "Secret":
        for part in ("data", "stringData"):
            found[part] = {name: seal(str(value)) for name, value in (found.get(part) or {}).items()}
            if not found[part]:
                del found[part]
    return found


def projected(before: Any, after: Any, wanted: Any) -> tuple[Any, Any]:
    """Both sides with only what is asked for and what differs."""
    if isinstance(before, dict) and isinstance(after, dict):
        return _projected_maps(before, after, wanted if isinstance(wanted, dict) else {})
    if _named(before) and _named(after):
        olds, news, asked = _by_name(before), _by_name(after), _by_name(wanted) if _named(wanted) else {}
        left, right = _projected_maps(olds, news, asked)
        return list(left.values()), list(right.values())
    return before, after


def written(item: Any) -> list[str]:
    """Lines of YAML."""
    return yaml.safe_dump(item, sort_keys=True, default_flow_style=False, allow_unicode=True, width=120).splitlines()


def clashes(message: str) -> list[tuple[str, tuple[str, ...]]]:
    """Who owns which fields, from the server's own words about a refused apply."""
    found: dict[str, list[str]] = {}
    manager = ""
    for line in message.splitlines():
        told = re.search(r'conflicts? with "([^"]+)"', line)
        if told:
            manager = told.group(1)
            found.setdefault(manager, [])
            inline = re.search(r":\s*(\.\S+)\s*$", line)
            if inline:
                found[manager].append(inline.group(1))
        elif manager and line.strip().startswith("- "):
            found[manager].append(line.strip()[2:])
    return [(name, tuple(fields)) for name, fields in found.items()]


def _tidy_metadata(metadata: Json) -> None:
    for name in SERVERS:
        metadata.pop(name, None)
    for part, left_out in (("labels", FOLLOWS), ("annotations", SERVER_NOTES)):
        kept = {name: value for name, value in (metadata.get(part) or {}).items() if name not in left_out}
        metadata.pop(part, None)
        if kept:
            metadata[part] = kept


def _projected_maps(before: Json, after: Json, wanted: Json) -> tuple[Json, Json]:
    left: Json = {}
    right: Json = {}
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if name not in wanted and old == new:
            continue
        if name in before and name in after:
            left[name], right[name] = projected(old, new, wanted.get(name))
        elif name in before:
            left[name] = old
        else:
            right[name] = new
    return left, right


def _named(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) and "name" in one for one in value)


def _by_name(value: list[Json]) -> Json:
    return {str(one["name"]): one for one in value}
