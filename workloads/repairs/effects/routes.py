"""Routes: the Service that a route leads to, in an object of its own or in the text of a ConfigMap."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from controlplane.core.errors import Conflict, Invalid
from workloads.repairs import readers
from workloads.repairs.edits import Edit, applied, read_edit
from workloads.repairs.kind import ROUTES, STRICT, Kind, Risk
from workloads.repairs.values import Held, Json, Ref, Repair
from workloads.repairs.world import World, of

NAMES = ("name", "serviceName", "host")
PORTS = ("port", "number", "servicePort")


@dataclass(frozen=True, slots=True)
class PatchRoute:
    """Edits of the name or the port of a backend; `service` is the one it leads to then."""

    __pydantic_config__ = STRICT
    service: Annotated[str, Field(min_length=1, max_length=253)]
    edits: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=10)]


@dataclass(frozen=True, slots=True)
class PatchConfiguration:
    """A passage of a ConfigMap's text; it stands there once. `readers` read it when they start; `at` marks their restart."""

    __pydantic_config__ = STRICT
    key: Annotated[str, Field(min_length=1, max_length=253)]
    was: Annotated[str, Field(min_length=3, max_length=4000)]
    to: Annotated[str, Field(min_length=3, max_length=4000)]
    service: Annotated[str, Field(max_length=253)] = ""
    readers: list[str] = field(default_factory=list)
    at: Annotated[str, Field(max_length=64)] = ""


def _route(_: Ref, parameters: PatchRoute, live: Json) -> Json:
    edits = [read_edit(edit) for edit in parameters.edits]
    if any(edit.path[0] != "spec" or edit.path[-1] not in (*NAMES, *PORTS) for edit in edits):
        raise Invalid("Of a route only the Service and the port that it leads to change.")
    return applied(live, edits)


def _leads(repair: Repair, parameters: PatchRoute, world: World) -> Held:
    """The route leads to that Service, and that to pods that take traffic."""
    live = world.find(repair.ref)
    if live is None:
        return Held(False, f"{repair.ref.title} is not there.")
    try:
        applied(live, [Edit(edit.path, edit.to, edit.to) for edit in map(read_edit, parameters.edits)])
    except Conflict:
        return Held(False, f"{repair.ref.title} does not lead to {parameters.service}.")
    return _answers(parameters.service, repair.ref.namespace, world)


def _answers(name: str, namespace: str, world: World) -> Held:
    service = world.view.service(namespace, name)
    if service is None:
        return Held(False, f"There is no Service {name}.")
    ready = sum(pod.ready for pod in world.selected(service.selector, namespace))
    told = f"It leads to {name}, which has {ready} ready pods."
    return Held(True if ready or not service.selector else None, told)


def _configure(ref: Ref, parameters: PatchConfiguration, live: Json) -> Json:
    found = of(live, "data", parameters.key)
    if not isinstance(found, str) or found.count(parameters.was) != 1:
        raise Conflict(f"{parameters.key} of {ref.title} is not as it was when this was offered.", cure="Diagnose again.")
    return applied(live, [Edit(("data", parameters.key), found, found.replace(parameters.was, parameters.to))])


def _unconfigure(repair: Repair, parameters: PatchConfiguration, before: Json) -> Repair:
    back = dict(repair.parameters) | {"was": parameters.to, "to": parameters.was, "service": ""}
    if parameters.at:
        back["at"] = f"{parameters.at}-undone"[:64]
    return Repair(repair.kind, repair.ref, back, f"Take back: {repair.summary}"[:500], repair.fault, repair.object)


def _configured(repair: Repair, parameters: PatchConfiguration, world: World) -> Held:
    """The text says so, what it names answers, and whoever reads it when starting has read it."""
    live = world.find(repair.ref)
    found = of(live or {}, "data", parameters.key)
    if not isinstance(found, str) or parameters.to not in found:
        return Held(False, f"{repair.ref.title} does not say so.")
    led = _answers(parameters.service, repair.ref.namespace, world) if parameters.service else Held(True, "It says so.")
    if led.holds is False:
        return led
    late = readers.late(parameters.readers, parameters.at, repair.ref.namespace, world)
    return Held(None, f"{late[0]} has not read it yet.") if late else led


def _after(repair: Repair, parameters: PatchConfiguration) -> tuple[Repair, ...]:
    return readers.restarts(repair, parameters.readers, parameters.at)


PATCH_ROUTE = Kind("patch_route", "Mend a route", Risk.LOW, PatchRoute, ROUTES, _route, _leads, ("Service", "Pod"))
PATCH_CONFIGURATION = Kind(
    "patch_configuration",
    "Mend a passage of a ConfigMap",
    Risk.MEDIUM,
    PatchConfiguration,
    ("ConfigMap",),
    _configure,
    _configured,
    ("Service", "Pod", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet"),
    undo=_unconfigure,
    after=_after,
)
KINDS = (PATCH_ROUTE, PATCH_CONFIGURATION)
