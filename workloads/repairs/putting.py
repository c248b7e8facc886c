"""Taking a repair back: its edits reversed, and the removal of what it created. Made by `undone` only, never offered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from controlplane.core.errors import Conflict, Invalid
from controlplane.core.redaction import SECRET_NAME, redact_value
from workloads.repairs.edits import ABSENT, Edit, applied, contained, differences, masked, read_edit
from workloads.repairs.kind import STRICT, Kind, Risk
from workloads.repairs.values import Held, Json, Ref, Repair
from workloads.repairs.world import World

# What the server and controllers write by themselves: no part of what was repaired.
_SERVERS = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink", "deletionTimestamp")

# Below these stand the names of secrets, never what is in them.
_REFERENCES = frozenset({"secretKeyRef", "secretRef", "secret", "imagePullSecrets", "configMapKeyRef", "configMapRef"})


@dataclass(frozen=True, slots=True)
class PutBack:
    """Edits, each with what is expected (`was`) and what was there before (`to`)."""

    __pydantic_config__ = STRICT
    edits: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class RemoveCreated:
    """The object as it was created: it is removed only where it still is that."""

    __pydantic_config__ = STRICT
    created: dict[str, Any]


def put_back(repair: Repair, before: Json | None, made: Json | None) -> Repair | None:
    """The way back from what a repair made to what was before."""
    summary = f"Take back: {repair.summary}"[:500]
    told = {"summary": summary, "fault": repair.fault, "object": repair.object}
    if before is None:
        return Repair("remove_created", repair.ref, {"created": bare(made or {})}, **told)
    if made is None:
        return None
    edits = [edit.back for edit in differences(bare(before), bare(made))]
    if not edits or any(is_secret(edit) for edit in edits):
        return None
    return Repair("put_back", repair.ref, {"edits": [edit.as_json() for edit in edits]}, **told)


def is_secret(edit: Edit) -> bool:
    """Whether what it makes looks secret: it is kept nowhere, and so not put back, or written into a repository."""
    if edit.to is ABSENT or not _REFERENCES.isdisjoint(edit.path[:-1]):
        return False
    return bool(SECRET_NAME.search(edit.where)) or redact_value(edit.to) != edit.to


def bare(obj: Json) -> Json:
    """An object without status and without what servers write."""
    metadata = {key: value for key, value in (obj.get("metadata") or {}).items() if key not in _SERVERS}
    return {key: value for key, value in obj.items() if key not in ("status", "metadata")} | {"metadata": metadata}


def _put_back(_: Ref, parameters: PutBack, live: Json) -> Json:
    edits = [read_edit(edit) for edit in parameters.edits]
    if any(masked(edit.to) for edit in edits):
        raise Invalid("A veiled value is never written.", cure="Put the value back by hand.")
    return applied(live, edits)


def _stands(repair: Repair, parameters: PutBack, world: World) -> Held:
    ref = repair.ref
    live = world.find(ref)
    if live is None:
        return Held(False, f"{ref.title} is gone.")
    try:
        applied(live, [replace_was(read_edit(edit)) for edit in parameters.edits])
    except Conflict as error:
        return Held(False, error.message)
    return Held(True, f"{ref.title} is as it was before.")


def replace_was(edit: Edit) -> Edit:
    """An edit that expects what it makes: it can be made only where it was made."""
    return Edit(edit.path, edit.to, edit.to, edit.at)


def _remove(ref: Ref, parameters: RemoveCreated, live: Json) -> None:
    if not contained({key: value for key, value in parameters.created.items() if key != "metadata"}, live):
        raise Conflict(f"{ref.title} was changed since it was created.", cure="Look at it, and delete it by hand.")


def _gone(repair: Repair, _: RemoveCreated, world: World) -> Held:
    ref = repair.ref
    there = world.find(ref) is not None
    return Held(not there, f"{ref.title} is {'still there' if there else 'gone again'}.")


def _never(repair: Repair, parameters: Any, before: Json) -> None:
    return None


PUT_BACK = Kind("put_back", "Take a repair back", Risk.MEDIUM, PutBack, (), _put_back, _stands, undo=_never, reversible=False)
REMOVE_CREATED = Kind(
    "remove_created",
    "Remove what a repair created",
    Risk.MEDIUM,
    RemoveCreated,
    (),
    _remove,
    _gone,
    undo=_never,
    verbs=("get", "delete"),
    reversible=False,
)
