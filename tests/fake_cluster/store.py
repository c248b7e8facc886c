"""The objects of the fake cluster, their versions and their history."""

from __future__ import annotations

import copy
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.fake_cluster import fields
from tests.fake_cluster.fields import Json

Key = tuple[str, str, str, str]  # api ("apps/v1"), plural, namespace, name


class Refusal(Exception):
    """An answer that is no object."""

    def __init__(self, http: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.http, self.reason, self.message = http, reason, message


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the history."""

    version: int
    type: str
    key: Key
    item: Json


@dataclass
class Store:
    """Everything behind one lock; whoever watches waits on it."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    objects: dict[Key, Json] = field(default_factory=dict)
    owners: dict[Key, fields.Owners] = field(default_factory=dict)
    history: list[Told] = field(default_factory=list)
    version: int = 1000
    compacted: int = 0  # watches and continuations from before are Gone

    def listed(self, api: str, plural: str, namespace: str, wanted: Callable[[Json], bool]) -> list[Json]:
        """In the order of the API: by namespace, then name."""
        found = sorted(key for key in self.objects if key[:2] == (api, plural) and namespace in {"", key[2]})
        return [item for key in found if wanted(item := self.objects[key])]

    def create(self, key: Key, item: Json, manager: str, *, dry: bool = False) -> Json:
        """A new object; 409 where it is there already."""
        if key in self.objects:
            raise Refusal(409, "AlreadyExists", f'{key[1]} "{key[3]}" already exists')
        owners: fields.Owners = {}
        body, _ = fields.applied(None, item, owners, manager, force=True)
        return self._write(key, {"kind": item.get("kind", ""), **body, "status": item.get("status", {})}, item, owners, dry=dry)

    def apply(self, key: Key, item: Json, manager: str, *, force: bool, dry: bool = False) -> Json:
        """Server-side apply; 409 where another manager owns a field that would change."""
        owners = copy.deepcopy(self.owners.get(key, {}))
        result, clashes = fields.applied(self.objects.get(key), item, owners, manager, force=force)
        if clashes:
            told = "\n".join(f"conflict with {clash}" for clash in clashes)
            raise Refusal(409, "Conflict", f"Apply failed with {len(clashes)} conflict(s): {told}")
        return self._write(key, result, item, owners, dry=dry)

    def patch(self, key: Key, change: Json, manager: str, *, dry: bool = False) -> Json:
        """Merge patch; 409 where the version it names is not the present one."""
        return self._changed(key, fields.merged(self._present(key, change), change), manager, dry=dry)

    def replace(self, key: Key, whole: Json, manager: str, *, dry: bool = False) -> Json:
        """The object as it is given, but for its status; 409 as for a patch."""
        item = self._present(key, whole)
        return self._changed(key, {**whole, **({"status": item["status"]} if "status" in item else {})}, manager, dry=dry)

    def _present(self, key: Key, change: Json) -> Json:
        item = self.found(key)
        named = change.get("metadata", {}).get("resourceVersion")
        if named and named != item["metadata"]["resourceVersion"]:
            raise Refusal(409, "Conflict", f'Operation cannot be fulfilled on {key[1]} "{key[3]}": the object has been modified')
        return item

    def _changed(self, key: Key, result: Json, manager: str, *, dry: bool) -> Json:
        """Write it; what differs is the manager's, what is gone is nobody's."""
        item, present = self.found(key), dict(fields.leaves(result))
        owners = {path: set(who) for path, who in self.owners.get(key, {}).items() if path in present}
        before = dict(fields.leaves({name: value for name, value in item.items() if name != "metadata"}))
        for path, value in fields.leaves({name: value for name, value in result.items() if name != "metadata"}):
            if before.get(path) != value and path[0] not in {"status", "kind", "apiVersion"}:
                owners[path] = {manager}
        return self._write(key, result, item, owners, dry=dry)

    def found(self, key: Key) -> Json:
        """The object, or 404."""
        if key not in self.objects:
            raise Refusal(404, "NotFound", f'{key[1]} "{key[3]}" not found')
        return self.objects[key]

    def remove(self, key: Key, *, uid: str = "", dry: bool = False, orphan: bool = False) -> Json:
        """Remove it and what it owns."""
        item = self.found(key)
        if uid and uid != item["metadata"]["uid"]:
            raise Refusal(409, "Conflict", f"Precondition failed: UID in precondition: {uid}, UID in object meta: another")
        if dry:
            return item
        gone = self.objects.pop(key)
        self.owners.pop(key, None)
        self._tell("DELETED", key, gone)
        for other in [] if orphan else list(self._below(key, item)):
            if other in self.objects:
                self.remove(other)
        return gone

    def compact(self) -> None:
        """Forget the history: every older version is Gone from now on."""
        with self.changed:
            self.compacted = self.version
            self.history.clear()
            self.changed.notify_all()

    def _below(self, key: Key, item: Json) -> Iterator[Key]:
        for other, held in list(self.objects.items()):
            owned = any(owner.get("uid") == item["metadata"]["uid"] for owner in held["metadata"].get("ownerReferences", []))
            if owned or (key[1] == "namespaces" and other[2] == key[3]):
                yield other

    def _write(self, key: Key, result: Json, asked: Json, owners: fields.Owners, *, dry: bool) -> Json:
        before = self.objects.get(key)
        past: Json = before["metadata"] if before else {}
        metadata = {name: value for name, value in (result.get("metadata") or {}).items() if name not in {"managedFields"}}
        metadata |= {"name": key[3], **({"namespace": key[2]} if key[2] else {})}
        metadata["uid"] = past.get("uid") or str(uuid.uuid4())
        metadata["creationTimestamp"] = past.get("creationTimestamp") or f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        metadata["managedFields"] = fields.managed(owners, key[0])
        metadata["resourceVersion"] = past.get("resourceVersion", "")
        moved = before is None or before.get("spec") != result.get("spec")
        metadata["generation"] = past.get("generation", 0) + (1 if moved else 0)
        item = {**result, "apiVersion": key[0], "kind": asked.get("kind") or result.get("kind", ""), "metadata": metadata}
        item = {name: value for name, value in item.items() if value != {} or name in {"spec", "data", "metadata"}}
        if dry or item == before:
            return item
        self.owners[key] = owners
        self._tell("MODIFIED" if before else "ADDED", key, item)
        self.objects[key] = item
        return item

    def _tell(self, type_: str, key: Key, item: Json) -> None:
        self.version += 1
        item["metadata"] = {**item["metadata"], "resourceVersion": str(self.version)}
        self.history.append(Told(self.version, type_, key, copy.deepcopy(item)))
        self.changed.notify_all()


def selected(labels: str, chosen: str) -> Callable[[Json], bool]:
    """What a label selector ("a=b,c!=d,e") and a field selector ("metadata.name=x,status.phase!=y") let through."""

    def wanted(item: Json) -> bool:
        marks = item["metadata"].get("labels") or {}
        return all(_holds(term, marks.get) for term in re.split(r",(?![^(]*\))", labels) if term) and all(
            _holds(term, lambda path: _at(item, path)) for term in chosen.split(",") if term
        )

    return wanted


def _holds(term: str, value: Callable[[str], Any]) -> bool:
    if many := re.fullmatch(r"(\S+) (in|notin) \((.*)\)", term.strip()):
        return (value(many[1]) in [one.strip() for one in many[3].split(",")]) is (many[2] == "in")
    if "!=" in term:
        name, _, wanted = term.partition("!=")
        return str(value(name) or "") != wanted
    if "=" in term:
        name, _, wanted = term.replace("==", "=").partition("=")
        return str(value(name) or "") == wanted
    return value(term.lstrip("!")) is None if term.startswith("!") else value(term) is not None


def _at(item: Json, path: str) -> Any:
    value: Any = item
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value
