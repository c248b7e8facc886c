"""Resources of a container: what it asks for, and what it may have at most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from controlplane.core.errors import Invalid
from workloads.diagnosis.view.pods import Pod
from workloads.quantities import amount, quantity
from workloads.repairs.edits import ABSENT, Edit, applied
from workloads.repairs.kind import STRICT, WORKLOADS, Kind, Risk
from workloads.repairs.templates import carried, container_of, container_path, template_of
from workloads.repairs.values import Held, Json, Ref, Repair
from workloads.repairs.world import World
from workloads.unchecked import Table, word

Quantity = Annotated[str, Field(min_length=1, max_length=40)]


@dataclass(frozen=True, slots=True)
class Line:
    """One quantity: `limits` or `requests` of a resource. `was` is None where there was none."""

    __pydantic_config__ = STRICT
    part: Literal["limits", "requests"]
    resource: Annotated[str, Field(min_length=1, max_length=100)]
    was: Quantity | None
    to: Quantity


@dataclass(frozen=True, slots=True)
class SetResources:
    """Lines of one container's resources."""

    __pydantic_config__ = STRICT
    container: str
    lines: Annotated[list[Line], Field(min_length=1, max_length=8)]


def _change(ref: Ref, parameters: SetResources, live: Json) -> Json:
    where = container_path(live, parameters.container)
    made = applied(live, _edits(where, parameters, live))
    spec = container_of(template_of(made).get("spec"), parameters.container)
    for line in parameters.lines:
        asked, most = (word(spec, "resources", part, line.resource) for part in ("requests", "limits"))
        if asked and most and quantity(asked) > quantity(most):
            raise Invalid(f"{ref.title} would request {asked} of {line.resource} and may have {most} at most.")
    return made


def _edits(where: tuple[Any, ...], parameters: SetResources, live: Json) -> Iterator[Edit]:
    found = container_of(template_of(live).get("spec"), parameters.container)
    for line in parameters.lines:
        if not amount(line.to):
            raise Invalid(f"{line.to} is no quantity of {line.resource}.")
        now = word(found, "resources", line.part, line.resource)
        was: Any = line.was if line.was is not None else ABSENT
        if line.was is not None and now and amount(now) == amount(line.was):
            was = found["resources"][line.part][line.resource]  # the same, written otherwise
        yield Edit((*where, "resources", line.part, line.resource), was, line.to)


def _fits(spec: Table, parameters: SetResources) -> bool:
    found = container_of(spec, parameters.container)
    return all(quantity(word(found, "resources", line.part, line.resource)) == quantity(line.to) for line in parameters.lines)


def _holds(repair: Repair, parameters: SetResources, world: World) -> Held:
    """Pods with these resources have a node, take traffic, and none of them was killed for its memory."""
    told = ", ".join(f"{line.part} {line.resource}={line.to}" for line in parameters.lines)
    return carried(repair.ref, world, lambda spec: _fits(spec, parameters), told, _lives)


def _lives(pod: Pod) -> bool:
    killed = any(word(each.ended, "reason") == "OOMKilled" for each in pod.containers)
    return bool(pod.node) and pod.ready and not killed


SET_RESOURCES = Kind(
    "set_resources", "Set resources", Risk.MEDIUM, SetResources, WORKLOADS, _change, _holds, ("Pod", "ReplicaSet", "Node")
)
KINDS = (SET_RESOURCES,)
