"""Workloads as a whole: how many pods there are, and all of them anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from controlplane.core.errors import Conflict
from workloads.diagnosis.times import seconds
from workloads.diagnosis.view.pods import Pod
from workloads.diagnosis.view.workloads import Workload
from workloads.repairs.edits import ABSENT, Edit, applied
from workloads.repairs.kind import STRICT, WORKLOADS, Kind, Risk
from workloads.repairs.templates import ANNOTATIONS, template_of
from workloads.repairs.values import Held, Json, Ref, Repair
from workloads.repairs.world import World, of
from workloads.unchecked import word

RESTARTED = "kubectl.kubernetes.io/restartedAt"
Replicas = Annotated[int, Field(ge=0, le=10_000)]


@dataclass(frozen=True, slots=True)
class Scale:
    """How many pods there shall be, and how many are wanted when it is offered."""

    __pydantic_config__ = STRICT
    replicas: Replicas
    was: Replicas


@dataclass(frozen=True, slots=True)
class Restart:
    """`at`: a time that marks this restart (kubectl writes the same annotation)."""

    __pydantic_config__ = STRICT
    at: Annotated[str, Field(min_length=10, max_length=64)]


def _scale(_: Ref, parameters: Scale, live: Json) -> Json:
    """An absent number means one (apps/v1)."""
    if of(live, "spec", "replicas") is None and parameters.was == 1:
        return applied(live, [Edit(("spec", "replicas"), ABSENT, parameters.replicas)])
    return applied(live, [Edit(("spec", "replicas"), parameters.was, parameters.replicas)])


def _unscale(repair: Repair, parameters: Scale, before: Json) -> Repair:
    text = f"Scale {repair.ref.title} back to {parameters.was} (it is {parameters.replicas})"
    back = {"replicas": parameters.was, "was": parameters.replicas}
    return Repair("scale", repair.ref, back, text, repair.fault, repair.object)


def _scaled(repair: Repair, parameters: Scale, world: World) -> Held:
    """As many are wanted, and as many take traffic."""
    ref = repair.ref
    workload = world.workload(ref)
    if workload is None or not workload.obj:
        return Held(False, f"{ref.title} is not there.")
    if workload.desired != parameters.replicas:
        return Held(False, f"{ref.title} wants {workload.desired} pods, not {parameters.replicas}.")
    told = f"{workload.ready} of {workload.desired} pods of {ref.title} are ready."
    return Held(True if workload.ready >= workload.desired else None, told)


def _restart(_: Ref, parameters: Restart, live: Json) -> Json:
    before = of(live, *ANNOTATIONS, RESTARTED)
    if before == parameters.at or (before and seconds(str(before)) > seconds(parameters.at) > 0):
        raise Conflict("It was restarted since this was offered.", cure="Diagnose again.")
    return applied(live, [Edit((*ANNOTATIONS, RESTARTED), before if before is not None else ABSENT, parameters.at)])


def _restarted(repair: Repair, parameters: Restart, world: World) -> Held:
    """Every pod is one of those made by this restart, and takes traffic."""
    ref = repair.ref
    workload = world.workload(ref)
    if workload is None or not workload.obj:
        return Held(False, f"{ref.title} is not there.")
    if word(template_of(dict(workload.obj)), "metadata", "annotations", RESTARTED) != parameters.at:
        return Held(False, f"{ref.title} was not restarted.")
    ready = len(marked(workload, parameters.at))
    done = started_anew(workload, parameters.at)
    return Held(True if done else None, f"{ready} of {workload.desired} pods of {ref.title} are new and ready.")


def marked(workload: Workload, at: str) -> list[Pod]:
    """The pods that were made by the restart of that mark and take traffic."""
    return [pod for pod in workload.standing_pods if pod.ready and word(pod.obj, "metadata", "annotations", RESTARTED) == at]


def started_anew(workload: Workload, at: str) -> bool:
    """Whether all its pods are of that restart, and as many as shall be take traffic."""
    new = marked(workload, at)
    return len(new) >= workload.desired and len(new) == len(workload.standing_pods)


SCALE = Kind(
    "scale",
    "Scale",
    Risk.LOW,
    Scale,
    ("Deployment", "StatefulSet", "ReplicaSet"),
    _scale,
    _scaled,
    ("Pod", "ReplicaSet"),
    undo=_unscale,
)
RESTART = Kind("restart", "Restart", Risk.MEDIUM, Restart, WORKLOADS, _restart, _restarted, ("Pod", "ReplicaSet"), reversible=False)
KINDS = (SCALE, RESTART)
