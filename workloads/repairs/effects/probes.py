"""The probes of a container: port, protocol, path and timing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from controlplane.core.errors import Invalid
from workloads.diagnosis.view.pods import Pod
from workloads.repairs.edits import Edit, applied, contained
from workloads.repairs.kind import STRICT, WORKLOADS, Kind, Risk
from workloads.repairs.templates import carried, container_of, container_path
from workloads.repairs.values import Held, Json, Ref, Repair
from workloads.repairs.world import World
from workloads.unchecked import Table, table

HANDLERS = ("httpGet", "tcpSocket", "grpc", "exec")
FIELDS = frozenset(
    {
        *HANDLERS,
        "initialDelaySeconds",
        "periodSeconds",
        "timeoutSeconds",
        "failureThreshold",
        "successThreshold",
        "terminationGracePeriodSeconds",
    }
)


@dataclass(frozen=True, slots=True)
class FixProbe:
    """A whole probe as it was and as it shall be. A command (`exec`) is never brought in anew."""

    __pydantic_config__ = STRICT
    container: str
    probe: Literal["livenessProbe", "readinessProbe", "startupProbe"]
    was: dict[str, Any]
    to: dict[str, Any]


def _change(_: Ref, parameters: FixProbe, live: Json) -> Json:
    to = parameters.to
    if set(to) - FIELDS or sum(name in to for name in HANDLERS) != 1:
        raise Invalid("A probe has one of httpGet, tcpSocket, grpc and exec, beside its timing.")
    if "exec" in to and to["exec"] != parameters.was.get("exec"):
        raise Invalid("A repair gives no command to a probe.")
    return applied(live, [Edit((*container_path(live, parameters.container), parameters.probe), parameters.was, to)])


def _answers(repair: Repair, parameters: FixProbe, world: World) -> Held:
    """The probe fits the program: pods with it are ready, and the kubelet restarted none of them."""

    def fits(spec: Table) -> bool:
        return contained(parameters.to, dict(table(container_of(spec, parameters.container), parameters.probe)))

    def works(pod: Pod) -> bool:
        mine = [each for each in pod.containers if each.name == parameters.container]
        return bool(mine) and all(each.ready and (parameters.probe == "readinessProbe" or not each.restarts) for each in mine)

    return carried(repair.ref, world, fits, f"this {parameters.probe}", works)


FIX_PROBE = Kind("fix_probe", "Mend a probe", Risk.MEDIUM, FixProbe, WORKLOADS, _change, _answers, ("Pod", "ReplicaSet"))
KINDS = (FIX_PROBE,)
