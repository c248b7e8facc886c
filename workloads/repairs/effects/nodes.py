"""Nodes: whether they take new pods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from controlplane.core.errors import Conflict
from workloads.diagnosis.view.nodes import Node
from workloads.repairs.edits import ABSENT, Edit, applied
from workloads.repairs.kind import STRICT, Kind, Risk
from workloads.repairs.values import Held, Json, Ref, Repair
from workloads.repairs.world import World, of


@dataclass(frozen=True, slots=True)
class Nothing:
    """No parameters."""

    __pydantic_config__ = STRICT


def _cordon(ref: Ref, _: Nothing, live: Json) -> Json:
    found = of(live, "spec", "unschedulable")
    if found is True:
        raise Conflict(f"{ref.title} is cordoned already.", cure="Diagnose again.")
    return applied(live, [Edit(("spec", "unschedulable"), ABSENT if found is None else found, True)])


def _uncordon(ref: Ref, _: Nothing, live: Json) -> Json:
    if of(live, "spec", "unschedulable") is not True:
        raise Conflict(f"{ref.title} is not cordoned any more.", cure="Diagnose again.")
    return applied(live, [Edit(("spec", "unschedulable"), True, ABSENT)])


def _kept_away(repair: Repair, _: Nothing, world: World) -> Held:
    """No new pod goes there."""
    node = world.find(repair.ref)
    if node is None:
        return Held(False, f"{repair.ref.title} is not there.")
    cordoned = Node(node).cordoned
    return Held(cordoned, f"{repair.ref.title} {'takes no new pods' if cordoned else 'takes pods'}.")


def _schedulable(repair: Repair, _: Nothing, world: World) -> Held:
    """The node takes pods, and the workload that waited for it has a node for each of its pods."""
    found = world.find(repair.ref)
    node = Node(found) if found else None
    if node is None or node.cordoned:
        return Held(False, f"{repair.ref.title} takes no pods.")
    if node.ready in ("False", "Unknown"):
        return Held(False, f"{repair.ref.title} is not ready.")
    name = repair.object.removeprefix("app/") if repair.object.startswith("app/") else ""
    waiting = [pod for each in world.view.every_workload if each.name == name for pod in each.pods if pod.unscheduled]
    told = f"; {len(waiting)} pods of {name} still wait" if waiting else ""
    return Held(None if waiting else True, f"{repair.ref.title} takes pods{told}.")


def _other(kind: str, text: str) -> Callable[[Repair, Nothing, Json], Repair | None]:
    def undo(repair: Repair, _: Nothing, __: Json) -> Repair:
        return Repair(kind, repair.ref, {}, f"{text} {repair.ref.title} again", repair.fault, repair.object)

    return undo


CORDON = Kind("cordon", "Cordon a node", Risk.LOW, Nothing, ("Node",), _cordon, _kept_away, undo=_other("uncordon", "Uncordon"))
UNCORDON = Kind(
    "uncordon",
    "Uncordon a node",
    Risk.LOW,
    Nothing,
    ("Node",),
    _uncordon,
    _schedulable,
    ("Pod", "ReplicaSet", "Deployment", "StatefulSet"),
    undo=_other("cordon", "Cordon"),
)
KINDS = (CORDON, UNCORDON)
