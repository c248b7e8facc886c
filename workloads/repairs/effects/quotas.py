"""Quotas of a namespace: the lines that have no room for what is wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from controlplane.core.errors import Invalid
from workloads.diagnosis.view.workloads import Workload
from workloads.quantities import amount, quantity
from workloads.repairs import readers
from workloads.repairs.edits import Edit, applied
from workloads.repairs.effects.declared import creatable
from workloads.repairs.kind import STRICT, Kind, Risk
from workloads.repairs.values import Held, Json, Ref, Repair
from workloads.repairs.world import World
from workloads.unchecked import dig, labels

OF_PODS = re.compile(r"^(?:(?:count/)?pods|(?:(?:requests|limits)\.)?(?:cpu|memory))$")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the quota."""

    __pydantic_config__ = STRICT
    resource: Annotated[str, Field(min_length=1, max_length=253)]
    was: Annotated[str, Field(min_length=1, max_length=40)]
    to: Annotated[str, Field(min_length=1, max_length=40)]


@dataclass(frozen=True, slots=True)
class RaiseQuota:
    """Lines to raise; `creates` are declared objects that were refused and follow, `restarts` workloads without any pod."""

    __pydantic_config__ = STRICT
    lines: Annotated[list[Line], Field(min_length=1, max_length=12)]
    creates: list[dict[str, Any]] = field(default_factory=list)
    restarts: list[str] = field(default_factory=list)
    at: Annotated[str, Field(max_length=64)] = ""


def _change(_: Ref, parameters: RaiseQuota, live: Json) -> Json:
    for line in parameters.lines:
        if (amount(line.to) or 0) <= quantity(line.was):
            raise Invalid(f"{line.resource}: {line.to} is no more than {line.was}.")
    return applied(live, [Edit(("spec", "hard", line.resource), line.was, line.to) for line in parameters.lines])


def _has_room(repair: Repair, parameters: RaiseQuota, world: World) -> Held:
    """Each line has room for every pod that is wanted and not there, and what was refused can be made."""
    live = world.find(repair.ref)
    if live is None:
        return Held(True, f"{repair.ref.title} is gone: nothing limits.")
    hard, used = labels(live, "spec", "hard"), labels(live, "status", "used")
    for line in parameters.lines:
        room = quantity(hard.get(line.resource, "")) - quantity(used.get(line.resource, ""))
        needed = _needed(line.resource, repair, parameters, world)
        if line.resource in hard and room + 1e-9 < needed:
            return Held(False, f"{line.resource}: room for {room:g}, {needed:g} wanted.")
    return Held(True, f"{repair.ref.title} has room for what is wanted.")


def _needed(resource: str, repair: Repair, parameters: RaiseQuota, world: World) -> float:
    if not OF_PODS.match(resource):
        counted = [obj for obj in parameters.creates if counts(resource, str(obj.get("kind")))]
        absent = [obj for obj in counted if world.find(_ref(obj, repair.ref.namespace)) is None]
        if resource.endswith("requests.storage"):
            return sum(quantity(dig(obj, "spec", "resources", "requests", "storage")) for obj in absent)
        line = _line(parameters, resource)
        return float(len(absent)) if counted else quantity(line.to) - quantity(line.was)
    short = [each for each in world.view.every_workload if each.namespace == repair.ref.namespace]
    return sum(per_pod(each, resource) * missing(each) for each in short)


KINDS_COUNTED = {
    "services": "Service",
    "persistentvolumeclaims": "PersistentVolumeClaim",
    "configmaps": "ConfigMap",
    "secrets": "Secret",
}


def counts(resource: str, kind: str) -> bool:
    """Whether a line of a quota counts objects of a kind, or what they claim."""
    if resource.endswith("requests.storage"):
        return kind == "PersistentVolumeClaim"
    return KINDS_COUNTED.get(resource.removeprefix("count/").partition(".")[0]) == kind


def missing(workload: Workload) -> int:
    """How many pods a workload wants and lacks."""
    if workload.kind not in ("Deployment", "StatefulSet", "ReplicaSet"):
        return 0
    return max(0, workload.desired - len(workload.standing_pods))


def per_pod(workload: Workload, resource: str) -> float:
    """What one pod of a workload takes of a line of a quota."""
    if resource in ("pods", "count/pods"):
        return 1.0
    part, _, plain = resource.partition(".") if "." in resource else ("requests", "", resource)
    specs = (each.spec.get("resources") for each in workload.containers)
    given = [each if isinstance(each, dict) else {} for each in specs]
    return sum(quantity(labels(each, part).get(plain) or labels(each, "limits").get(plain, "")) for each in given)


def _line(parameters: RaiseQuota, resource: str) -> Line:
    return next(line for line in parameters.lines if line.resource == resource)


def _ref(obj: Json, namespace: str) -> Ref:
    metadata = obj.get("metadata") or {}
    return Ref(str(obj.get("kind")), str(metadata.get("name")), str(metadata.get("namespace") or namespace))


def _after(repair: Repair, parameters: RaiseQuota) -> tuple[Repair, ...]:
    """What was refused is made once there is room for it."""
    found = []
    for obj in parameters.creates:
        ref = _ref(obj, repair.ref.namespace)
        made = creatable(obj, repair.ref.namespace)
        text = f"Create {ref.title} as it is declared"
        found.append(Repair("create_declared", ref, {"object": made}, text, repair.fault, repair.object))
    return (*found, *readers.restarts(repair, parameters.restarts, parameters.at))


RAISE_QUOTA = Kind(
    "raise_quota",
    "Raise a quota",
    Risk.MEDIUM,
    RaiseQuota,
    ("ResourceQuota",),
    _change,
    _has_room,
    ("Pod", "ReplicaSet", "Deployment", "StatefulSet", "Service", "PersistentVolumeClaim"),
    after=_after,
)
KINDS = (RAISE_QUOTA,)
