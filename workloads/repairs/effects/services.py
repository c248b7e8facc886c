"""Services: what they select, and the ports and protocols they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from controlplane.core.errors import Conflict, Invalid
from workloads.diagnosis.view.pods import Pod
from workloads.repairs.edits import ABSENT, Edit, applied
from workloads.repairs.kind import STRICT, Kind, Risk
from workloads.repairs.values import Held, Json, Ref, Repair
from workloads.repairs.world import World
from workloads.unchecked import Table, labels, rows, whole, word


@dataclass(frozen=True, slots=True)
class Selector:
    """The whole selector as it was and as it shall be."""

    __pydantic_config__ = STRICT
    was: dict[str, str]
    to: dict[str, str]


@dataclass(frozen=True, slots=True)
class Port:
    """One field of one port; the port is found by its number and protocol. `was` is None where the field was not set."""

    __pydantic_config__ = STRICT
    port: int
    protocol: str
    field: Literal["port", "targetPort", "protocol", "appProtocol"]
    was: int | str | None
    to: int | str


@dataclass(frozen=True, slots=True)
class FixService:
    """What shall be otherwise of a Service: its selector, fields of its ports, or both."""

    __pydantic_config__ = STRICT
    selector: Selector | None = None
    ports: list[Port] = field(default_factory=list)


def _change(ref: Ref, parameters: FixService, live: Json) -> Json:
    if parameters.selector is None and not parameters.ports:
        raise Invalid(f"Nothing of {ref.title} would change.")
    return applied(live, _edits(parameters, live))


def _edits(parameters: FixService, live: Json) -> Iterator[Edit]:
    if parameters.selector is not None:
        if not parameters.selector.to:
            raise Invalid("A Service without a selector leads nowhere.")
        _demand_exactly(parameters.selector.was, labels(live, "spec", "selector"))
        yield Edit(("spec", "selector"), parameters.selector.was, parameters.selector.to)
    for each in parameters.ports:
        place = next((at for at, port in enumerate(rows(live, "spec", "ports")) if _is(port, each)), None)
        if place is None:
            raise Conflict(f"The Service has no port {each.port}/{each.protocol} any more.", cure="Diagnose again.")
        yield Edit(("spec", "ports", place, each.field), each.was if each.was is not None else ABSENT, each.to)


def _demand_exactly(was: dict[str, str], found: dict[str, str]) -> None:
    """More labels in a selector select less: here nothing may stand beside what is expected."""
    if was != found:
        raise Conflict("The selector is another one now than when this was offered.", cure="Diagnose again.")


def _is(port: Table, meant: Port) -> bool:
    return whole(port, "port") == meant.port and (word(port, "protocol") or "TCP") == meant.protocol


def _leads(repair: Repair, parameters: FixService, world: World) -> Held:
    """The selector selects pods that take traffic, and each mended port is one of theirs, in their protocol."""
    ref = repair.ref
    live = world.find(ref)
    if live is None:
        return Held(False, f"{ref.title} is not there.")
    pods = world.selected(labels(live, "spec", "selector"), ref.namespace)
    if not pods:
        return Held(False, f"{ref.title} selects no pod.")
    for each in parameters.ports:
        if trouble := _trouble(live, each, pods):
            return Held(False, trouble)
    ready = sum(pod.ready for pod in pods)
    return Held(True if ready else None, f"{ref.title} leads to {ready} ready of {len(pods)} pods.")


def _trouble(live: Json, meant: Port, pods: list[Pod]) -> str:
    """Why a mended port leads nowhere; empty where it leads to a port of the pods, as far as they declare any."""
    number = meant.to if meant.field == "port" else meant.port
    protocol = meant.to if meant.field == "protocol" else meant.protocol
    port = next(
        (each for each in rows(live, "spec", "ports") if whole(each, "port") == number and _protocol(each) == protocol), None
    )
    if port is None or port.get(meant.field) != meant.to:
        return f"Port {number} has not {meant.field} {meant.to}."
    declared = [each for each in _declared(pods) if _protocol(each) == protocol]
    target = port.get("targetPort", number)
    named = isinstance(target, str) and not target.isdigit()
    fitting = [each for each in declared if target in (each.get("name"), each.get("containerPort"), word(each, "containerPort"))]
    if not fitting and (named or _declared(pods)):
        return f"Port {number} leads to {target}/{protocol}, which no container of the pods has."
    return ""


def _protocol(port: Table) -> str:
    return word(port, "protocol") or "TCP"


def _declared(pods: list[Pod]) -> list[Table]:
    return [port for pod in pods for container in pod.containers for port in container.ports]


FIX_SERVICE: Kind[Any] = Kind("fix_service", "Mend a Service", Risk.LOW, FixService, ("Service",), _change, _leads, ("Pod",))
KINDS = (FIX_SERVICE,)
