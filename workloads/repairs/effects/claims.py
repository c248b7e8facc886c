"""Claims and volumes: a claim that is full grows, one that cannot bind is made anew, a volume that nobody has is freed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from controlplane.core.errors import Conflict, Invalid
from workloads.diagnosis.rules.volumes import differences
from workloads.quantities import amount, quantity
from workloads.repairs.edits import ABSENT, Edit, applied, read_edit
from workloads.repairs.kind import STRICT, Kind, Risk
from workloads.repairs.putting import bare
from workloads.repairs.values import Held, Json, Ref, Repair
from workloads.repairs.world import World
from workloads.unchecked import Table, dig, labels, table, word

STORAGE = ("spec", "resources", "requests", "storage")
CHANGEABLE = frozenset({"storageClassName", "accessModes", "selector", "resources", "volumeName"})
Size = Annotated[str, Field(min_length=1, max_length=40)]


@dataclass(frozen=True, slots=True)
class ExpandClaim:
    """The size as it is and as it shall be. It never shrinks again."""

    __pydantic_config__ = STRICT
    was: Size
    to: Size


@dataclass(frozen=True, slots=True)
class PatchClaim:
    """Edits of the spec of a claim that is not bound. The server refuses most of them: the claim is deleted and created anew."""

    __pydantic_config__ = STRICT
    edits: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=10)]


@dataclass(frozen=True, slots=True)
class ReleaseVolume:
    """The claim that the volume still names though that is gone: its namespace and name, and its uid."""

    __pydantic_config__ = STRICT
    claim: Annotated[str, Field(min_length=3, max_length=520)]
    uid: Annotated[str, Field(max_length=64)]


def _expand(_: Ref, parameters: ExpandClaim, live: Json) -> Json:
    if word(live, "status", "phase") != "Bound":
        raise Conflict("The claim is not bound.", cure="Diagnose again.")
    if (amount(parameters.to) or 0) <= quantity(parameters.was):
        raise Invalid(f"{parameters.to} is no more than {parameters.was}: a claim never shrinks.")
    return applied(live, [Edit(STORAGE, parameters.was, parameters.to)])


def _grown(repair: Repair, parameters: ExpandClaim, world: World) -> Held:
    """The volume has the size."""
    live = world.find(repair.ref)
    if live is None or quantity(dig(live, *STORAGE)) < quantity(parameters.to):
        return Held(False, f"{repair.ref.title} asks for less than {parameters.to}.")
    has = word(live, "status", "capacity", "storage")
    return Held(True if quantity(has) >= quantity(parameters.to) else None, f"{repair.ref.title} has {has or 'no size yet'}.")


def _patch(_: Ref, parameters: PatchClaim, live: Json) -> Json:
    edits = [read_edit(edit) for edit in parameters.edits]
    if any(edit.path[0] != "spec" or edit.path[1:2] == () or edit.path[1] not in CHANGEABLE for edit in edits):
        raise Invalid(f"Of a claim only these change: {', '.join(sorted(CHANGEABLE))}.")
    if word(live, "status", "phase") == "Bound":
        raise Conflict("The claim is bound by now: made anew it would lose its volume.", cure="Diagnose again.")
    return bare(applied(live, edits))


def _bound(repair: Repair, parameters: PatchClaim, world: World) -> Held:
    """The claim is bound; until then, there is a volume that fits, or something that makes one."""
    live = world.find(repair.ref)
    if live is None:
        return Held(None, f"{repair.ref.title} is not there yet.")
    if word(live, "status", "phase") == "Bound":
        return Held(True, f"{repair.ref.title} is bound to {word(live, 'spec', 'volumeName')}.")
    fitting = [word(each, "metadata", "name") for each in world.kind("PersistentVolume") if not differences(live, each)]
    if fitting:
        return Held(None, f"{fitting[0]} fits {repair.ref.title}; it is not bound yet.")
    made = _provisioned(live, world)
    return Held(None if made else False, f"{repair.ref.title} waits for a volume." if made else "No volume fits, and none is made.")


def _provisioned(claim: Table, world: World) -> bool:
    """Whether a class exists that makes volumes for the claim."""
    wanted = dig(claim, "spec", "storageClassName")
    for each in world.kind("StorageClass"):
        default = labels(each, "metadata", "annotations").get("storageclass.kubernetes.io/is-default-class") == "true"
        if word(each, "metadata", "name") == wanted or (wanted is None and default):
            return word(each, "provisioner") not in ("", "kubernetes.io/no-provisioner") and not dig(claim, "spec", "selector")
    return False


def _unpatch(repair: Repair, parameters: PatchClaim, before: Json) -> Repair:
    """As it was before, made anew again."""
    edits = [read_edit(edit).back.as_json() for edit in reversed(parameters.edits)]
    text = f"Take back: {repair.summary}"[:500]
    return Repair("patch_claim", repair.ref, {"edits": edits}, text, repair.fault, repair.object)


def _release(ref: Ref, parameters: ReleaseVolume, live: Json) -> Json:
    """Kubernetes keeps what is Released from everybody until a person says that its data may be used again."""
    claim = table(live, "spec", "claimRef")
    if f"{word(claim, 'namespace')}/{word(claim, 'name')}" != parameters.claim or word(claim, "uid") != parameters.uid:
        raise Conflict(f"{ref.title} belongs to another claim by now.", cure="Diagnose again.")
    if word(live, "status", "phase") not in ("Released", "Failed"):
        raise Conflict(f"{ref.title} is {word(live, 'status', 'phase')}: it is not free to be given.", cure="Diagnose again.")
    return applied(live, _freed(claim))


def _freed(claim: Table) -> Iterator[Edit]:
    yield Edit(("spec", "claimRef"), dict(claim), ABSENT)


def _free(repair: Repair, parameters: ReleaseVolume, world: World) -> Held:
    """The volume is there for a claim, or has one that exists."""
    live = world.find(repair.ref)
    if live is None:
        return Held(False, f"{repair.ref.title} is not there.")
    claim = table(live, "spec", "claimRef")
    if not claim:
        return Held(None, f"{repair.ref.title} is free; no claim has it yet.")
    bound = word(live, "status", "phase") == "Bound" and word(claim, "uid") != parameters.uid
    return Held(bound, f"{repair.ref.title} is {word(live, 'status', 'phase')} for {word(claim, 'name')}.")


EXPAND_CLAIM = Kind(
    "expand_claim",
    "Expand a claim",
    Risk.MEDIUM,
    ExpandClaim,
    ("PersistentVolumeClaim",),
    _expand,
    _grown,
    reversible=False,
)
PATCH_CLAIM = Kind(
    "patch_claim",
    "Make an unbound claim anew",
    Risk.MEDIUM,
    PatchClaim,
    ("PersistentVolumeClaim",),
    _patch,
    _bound,
    ("PersistentVolume", "StorageClass"),
    undo=_unpatch,
    verbs=("get", "delete", "create"),
    recreates=True,
)
RELEASE_VOLUME = Kind(
    "release_volume",
    "Free a volume whose claim is gone",
    Risk.HIGH,
    ReleaseVolume,
    ("PersistentVolume",),
    _release,
    _free,
    ("PersistentVolumeClaim",),
    reversible=False,
)
KINDS = (EXPAND_CLAIM, PATCH_CLAIM, RELEASE_VOLUME)
