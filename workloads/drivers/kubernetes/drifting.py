"""Pure: what about a live object is no longer as we applied it, field by field, and who changed it.

Three sides: what we applied (and would apply again), what lives, and whose each field is. A field of ours with another value, or
gone, is drift; so is a field that somebody added beside ours. What the server, its controllers or a scaler keep is not.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from workloads.drivers.kubernetes import parts
from workloads.drivers.kubernetes.differences import SERVER_NOTES, SERVERS

Json = dict[str, Any]
Path = tuple[str, ...]  # keys; an entry of a list with names is "[name]"
MANAGER = "timonel"
KEEPERS = ("kube-controller-manager", "kube-scheduler", "kubelet", "cloud-controller-manager", "before-first-apply")
LOOKED_AT = ("spec", "data", "stringData", "rules", "subjects", "roleRef", "webhooks")
ALWAYS_IGNORED = (
    "*:status*",
    "*:metadata.annotations.deployment.kubernetes.io/*",
    "*:spec.template.metadata.annotations.kubectl.kubernetes.io/restartedAt",  # somebody restarted the pods
    "Service/*:spec.clusterIP*",
    "Service/*:spec.healthCheckNodePort",
    "ServiceAccount/*:secrets*",
)
GONE = object()


@dataclass(frozen=True, slots=True)
class Field:
    """One field that differs: before is what lives, after what was applied; GONE on a side where it is not."""

    path: Path
    before: Any
    after: Any

    @property
    def name(self) -> str:
        """As a rule names it: spec.template.spec.containers[web].image."""
        return dotted(self.path)


@dataclass(frozen=True, slots=True)
class By:
    """Who changed something, and when, by the cluster's own record."""

    manager: str
    at: str


def fields(live: Json, applied: Json, wanted: Json, title: str, ignore: Sequence[str]) -> list[Field]:
    """What drifted. `applied` is what the server would make of applying `wanted` again."""
    found = compared(_looked_at(live), _looked_at(applied))
    known = {one.path for one in found}
    found += [one for one in added(live, wanted) if one.path not in known]
    rules = (*ALWAYS_IGNORED, *ignore)
    return [one for one in found if not ignored(title, one.name, rules)]


def between(before: Json, after: Json) -> list[Field]:
    """The fields in which an object would become otherwise, without what is the server's and ours."""
    return compared(_looked_at(before), _looked_at(after))


def digest(value: Any) -> str:
    """A keyed digest of a field's value: tells that it is the same, and nothing else."""
    return "" if value is GONE else parts.mark("field", value)


def compared(before: Any, after: Any, path: Path = ()) -> list[Field]:
    """The fields in which two objects differ, as deep as they can be told apart."""
    left, right = _entries(before), _entries(after)
    if left is None or right is None:
        return [] if before == after else [Field(path, before, after)]
    found: list[Field] = []
    for name in {**left, **right}:
        found += compared(left.get(name, GONE), right.get(name, GONE), (*path, name))
    return found


def added(live: Json, wanted: Json) -> list[Field]:
    """Fields that somebody else put beside ours: his by the cluster's record, and not a controller's."""
    found: list[Field] = []
    for entry in live["metadata"].get("managedFields") or []:
        if entry.get("manager") in (MANAGER, *KEEPERS) or entry.get("subresource"):
            continue
        for path in owned(entry.get("fieldsV1") or {}):
            if path[0] not in LOOKED_AT or at(wanted, path) is not GONE or at(live, path) is GONE:
                continue
            whole = _whole(wanted, path)
            if not any(one.path == whole[: len(one.path)] for one in found):
                found.append(Field(whole, at(live, whole), GONE))
    return found


def by(live: Json, changed: Iterable[Field]) -> list[By]:
    """Who the cluster says owns these fields, other than us."""
    paths = [one.path for one in changed]
    found = []
    for entry in live["metadata"].get("managedFields") or []:
        if entry.get("manager") == MANAGER and entry.get("operation") == "Apply":
            continue
        mine = list(owned(entry.get("fieldsV1") or {}))
        if any(path[: len(own)] == own or own[: len(path)] == path for path in paths for own in mine):
            found.append(By(str(entry.get("manager", "")), str(entry.get("time", ""))))
    return found


def owned(fields_v1: Mapping[str, Any], path: Path = ()) -> Iterable[Path]:
    """The leaves of a managedFields entry as paths."""
    inner = {name: value for name, value in fields_v1.items() if name != "."}
    if not inner:
        if path:
            yield path
        return
    for name, value in inner.items():
        step = _step(name)
        if step is None:
            yield path
        else:
            yield from owned(value, (*path, step))


def restored(live: Json, changed: Iterable[Field]) -> Json:
    """The live object with these fields as they were applied."""
    other = copy.deepcopy(live)
    for one in changed:
        _set(other, one.path, one.after)
    return other


def ignored(title: str, name: str, rules: Iterable[str]) -> bool:
    """Whether a rule ("Deployment/shop-web:spec.replicas", "*:metadata.labels.team") lets this field be."""
    for rule in rules:
        whose, _, what = rule.rpartition(":")
        if fnmatchcase(title, whose or "*") and (fnmatchcase(name, _literal(what)) or name.startswith((f"{what}.", f"{what}["))):
            return True
    return False


def dotted(path: Path) -> str:
    """spec.containers[web].image"""
    return "".join(step if step.startswith("[") else f".{step}" for step in path).lstrip(".")


def at(item: Any, path: Path) -> Any:
    """What is there, or GONE."""
    for step in path:
        entries = _entries(item)
        if entries is None or step not in entries:
            return GONE
        item = entries[step]
    return item


def _looked_at(item: Json) -> Json:
    """Without what is the server's, and without our own notes."""
    found = {name: value for name, value in item.items() if name not in {"status", "metadata", "apiVersion", "kind"}}
    metadata = {
        name: value for name, value in item.get("metadata", {}).items() if name not in SERVERS and name != "ownerReferences"
    }
    notes = {
        name: value for name, value in (metadata.pop("annotations", None) or {}).items() if name not in (*SERVER_NOTES, *parts.OURS)
    }
    return {**found, "metadata": {**metadata, **({"annotations": notes} if notes else {})}}


def _entries(value: Any) -> dict[str, Any] | None:
    """A map's entries, or those of a list whose items have names (each once)."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value and all(isinstance(one, dict) and "name" in one for one in value):
        found = {f"[{one['name']}]": one for one in value}
        return found if len(found) == len(value) else None
    return None


def _whole(wanted: Json, path: Path) -> Path:
    """The entry of a list that the field is part of, where we have no such entry at all."""
    for length in range(1, len(path)):
        if path[length - 1].startswith("[") and at(wanted, path[:length]) is GONE:
            return path[:length]
    return path


def _step(name: str) -> str | None:
    """f:spec -> spec; k:{"name":"web"} -> [web]; other keys of lists cannot be followed."""
    kind, _, told = name.partition(":")
    if kind == "f":
        return told
    if kind == "k" and '"name":"' in told:
        return "[" + told.split('"name":"')[1].split('"')[0] + "]"
    return None


def _set(item: Any, path: Path, value: Any) -> None:
    *way, last = path
    for step in way:
        entries = _entries(item)
        if entries is None or step not in entries:
            if not isinstance(item, dict):
                return
            item[step] = {}
            entries = item
        item = entries[step]
    if isinstance(item, dict):
        if value is GONE:
            item.pop(last, None)
        else:
            item[last] = copy.deepcopy(value)
    elif isinstance(item, list):
        item[:] = [one for one in item if f"[{one.get('name')}]" != last] + ([] if value is GONE else [copy.deepcopy(value)])


def _literal(rule: str) -> str:
    """Brackets in a rule name a list's entry; they are no choice of characters."""
    return rule.replace("[", "[[]") if "[" in rule else rule
