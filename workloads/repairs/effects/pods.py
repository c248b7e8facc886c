"""One pod that is stuck: deleted, so that its controller makes another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from controlplane.core.errors import Conflict, Invalid
from workloads.repairs.kind import STRICT, Kind, Risk
from workloads.repairs.values import Held, Json, Ref, Repair
from workloads.repairs.world import World
from workloads.unchecked import dig, rows, word


@dataclass(frozen=True, slots=True)
class DeletePod:
    """The uid of the very pod, and the workload (Deployment/web) that makes another.

    `force`: without waiting for its node (grace period 0), which is safe only where nothing runs there any more.
    """

    __pydantic_config__ = STRICT
    uid: Annotated[str, Field(min_length=1, max_length=64)]
    of: Annotated[str, Field(max_length=300)] = ""
    force: bool = False


def _delete(ref: Ref, parameters: DeletePod, live: Json) -> None:
    if word(live, "metadata", "uid") != parameters.uid:
        raise Conflict(f"{ref.title} is another pod by now.", cure="Diagnose again.")
    if not any(dig(each, "controller") is True for each in rows(live, "metadata", "ownerReferences")):
        raise Invalid(f"Nothing would make {ref.title} again.", cure="Create it anew by hand.")


def _replaced(repair: Repair, parameters: DeletePod, world: World) -> Held:
    """It is gone, and its controller has its pods again, ready."""
    live = world.find(repair.ref)
    if live is not None and word(live, "metadata", "uid") == parameters.uid:
        going = bool(word(live, "metadata", "deletionTimestamp"))
        return Held(None if going else False, f"{repair.ref.title} is {'on its way out' if going else 'still there'}.")
    kind, _, name = parameters.of.partition("/")
    workload = world.workload(Ref(kind, name, repair.ref.namespace))
    if workload is None:
        return Held(True, f"{repair.ref.title} is gone.")
    told = f"{workload.ready} of {workload.desired} pods of {workload.name} are ready."
    return Held(None if workload.short else True, told)


DELETE_POD = Kind(
    "delete_pod",
    "Delete a stuck pod",
    Risk.HIGH,
    DeletePod,
    ("Pod",),
    _delete,
    _replaced,
    ("ReplicaSet", "Deployment", "StatefulSet", "DaemonSet"),
    verbs=("get", "delete"),
    reversible=False,
)
KINDS = (DELETE_POD,)
