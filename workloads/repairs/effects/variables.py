"""Variables: a plain value on a container, or the key of the ConfigMap that it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from controlplane.core.errors import Conflict, Invalid
from controlplane.core.redaction import MASK
from workloads.diagnosis.view.services import address, in_cluster
from workloads.repairs import readers
from workloads.repairs.edits import ABSENT, Edit, applied
from workloads.repairs.kind import STRICT, WORKLOADS, Kind, Risk
from workloads.repairs.putting import put_back
from workloads.repairs.templates import carried, container_of, container_path, template_of
from workloads.repairs.values import Held, Json, Ref, Repair
from workloads.repairs.world import World, of
from workloads.unchecked import Table, dig, rows, word

Text = Annotated[str, Field(max_length=4000)]


@dataclass(frozen=True, slots=True)
class SetVariable:
    """`was` and `to` are whole values, or with `part` the part of the value that changes: what stands beside it may be secret.

    Of a ConfigMap `name` is the key; `readers` are workloads (Deployment/web) that read it when they start; `at` marks their
    restart.
    """

    __pydantic_config__ = STRICT
    name: Annotated[str, Field(min_length=1, max_length=253)]
    was: Text | None
    to: Text
    container: str = ""
    part: bool = False
    readers: list[str] = field(default_factory=list)
    at: Annotated[str, Field(max_length=64)] = ""


def _change(ref: Ref, parameters: SetVariable, live: Json) -> Json:
    if MASK in parameters.to:
        raise Invalid("A veiled value is never written.", cure="Set the variable by hand.")
    if ref.kind == "ConfigMap":
        found = of(live, "data", parameters.name)
        return applied(live, [Edit(("data", parameters.name), *_sides(parameters, found))])
    return applied(live, _of_container(parameters, live))


def _of_container(parameters: SetVariable, live: Json) -> Iterator[Edit]:
    where = container_path(live, parameters.container)
    container = container_of(template_of(live).get("spec"), parameters.container)
    known = next((each for each in rows(container, "env") if word(each, "name") == parameters.name), None)
    item = {"name": parameters.name, "value": parameters.to}
    if known is None:
        if parameters.was is not None:
            raise Conflict(f"There is no variable {parameters.name} any more.", cure="Diagnose again.")
        if dig(container, "env") is None:
            yield Edit((*where, "env"), ABSENT, [item])
        else:
            yield Edit((*where, "env", f"[name={parameters.name}]"), ABSENT, item)
        return
    if "valueFrom" in known:
        raise Conflict(f"{parameters.name} comes from another object.", cure="Change it there.")
    yield Edit((*where, "env", f"[name={parameters.name}]", "value"), *_sides(parameters, known.get("value")))


def _sides(parameters: SetVariable, found: Any) -> tuple[Any, str]:
    """What is expected and what shall be, whole; of a part, only where it stands there once."""
    if not parameters.part:
        return (parameters.was if parameters.was is not None else ABSENT), parameters.to
    if not parameters.was or not isinstance(found, str) or found.count(parameters.was) != 1:
        raise Conflict(f"{parameters.name} is not as it was when this was offered.", cure="Diagnose again.")
    return found, found.replace(parameters.was, parameters.to)


def _set(repair: Repair, parameters: SetVariable, world: World) -> Held:
    """The value is there, the Service it names too, and pods that run with it take traffic."""
    if lost := _lost(repair, parameters, world):
        return Held(False, lost)
    if repair.ref.kind != "ConfigMap":
        what = f"{parameters.name}={parameters.to}" if not parameters.part else f"{parameters.to} in {parameters.name}"
        return carried(repair.ref, world, lambda spec: _given(spec, parameters), what)
    live = world.find(repair.ref)
    value = of(live or {}, "data", parameters.name)
    if not isinstance(value, str) or not _is(value, parameters):
        return Held(False, f"{repair.ref.title} has not this value.")
    return _read(repair, parameters, world)


def _given(spec: Table, parameters: SetVariable) -> bool:
    found = (each for each in rows(container_of(spec, parameters.container), "env") if word(each, "name") == parameters.name)
    return any(_is(word(each, "value"), parameters) for each in found)


def _is(value: str, parameters: SetVariable) -> bool:
    return parameters.to in value if parameters.part else value == parameters.to


def _lost(repair: Repair, parameters: SetVariable, world: World) -> str:
    """Which Service the new value names that is not there, in a namespace that is looked at."""
    found = address(parameters.to)
    target = in_cluster(found.host, repair.ref.namespace) if found else None
    if found is None or target is None or target[0] != repair.ref.namespace:
        return ""
    service = world.view.service(*target)
    if service is None:
        return f"There is no Service {target[1]}."
    if found.port and not service.external and not service.listens_on(found.port):
        return f"The Service {service.name} has no port {found.port}."
    pods = world.selected(service.selector, service.namespace)
    return "" if pods or not service.selector else f"The Service {service.name} selects no pod."


def _read(repair: Repair, parameters: SetVariable, world: World) -> Held:
    """Whether those who read it when they start were started since, and take traffic."""
    late = readers.late(parameters.readers, parameters.at, repair.ref.namespace, world)
    return (
        Held(None, f"{late[0]} has not read it yet.")
        if late
        else Held(True, f"{repair.ref.title} has {parameters.name} as it shall be.")
    )


def _after(repair: Repair, parameters: SetVariable) -> tuple[Repair, ...]:
    return readers.restarts(repair, parameters.readers, parameters.at) if repair.ref.kind == "ConfigMap" else ()


def _undo(repair: Repair, parameters: SetVariable, before: Json) -> Repair | None:
    """The values the other way round; one that was added is taken away; one that was veiled cannot come back."""
    if parameters.was is None:
        return put_back(repair, before, _change(repair.ref, parameters, before))
    if MASK in parameters.was:
        return None
    back = dict(repair.parameters) | {"was": parameters.to, "to": parameters.was}
    if parameters.at:
        back["at"] = f"{parameters.at}-undone"[:64]
    return Repair("set_variable", repair.ref, back, f"Take back: {repair.summary}"[:500], repair.fault, repair.object)


SET_VARIABLE = Kind(
    "set_variable",
    "Set a variable",
    Risk.MEDIUM,
    SetVariable,
    (*WORKLOADS, "ConfigMap"),
    _change,
    _set,
    ("Pod", "ReplicaSet", "Service", *WORKLOADS),
    undo=_undo,
    after=_after,
)
KINDS = (SET_VARIABLE,)
