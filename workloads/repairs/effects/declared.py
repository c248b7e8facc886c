"""Objects that are declared and absent: created as they are declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from controlplane.core.errors import Invalid
from workloads.diagnosis.view.workloads import Workload
from workloads.repairs import readers
from workloads.repairs.edits import masked
from workloads.repairs.kind import STRICT, Kind, Risk
from workloads.repairs.putting import bare, put_back
from workloads.repairs.values import Held, Json, Ref, Repair
from workloads.repairs.world import World
from workloads.unchecked import labels, rows, word

# Nothing that widens rights, and no pods: those have a controller.
CREATES = (
    "ServiceAccount",
    "ConfigMap",
    "Secret",
    "Service",
    "PersistentVolumeClaim",
    "Ingress",
    "HTTPRoute",
    "NetworkPolicy",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "CronJob",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
)


@dataclass(frozen=True, slots=True)
class CreateDeclared:
    """The whole object; `restarts` are workloads that got no pods for want of it (Deployment/web), `at` marks their restart.

    `applied`: a Secret by its name alone. Whoever applied it knows what is in it, and puts that in when it is written.
    """

    __pydantic_config__ = STRICT
    object: dict[str, Any]
    restarts: list[str] = field(default_factory=list)
    at: Annotated[str, Field(max_length=64)] = ""
    applied: bool = False


def _change(ref: Ref, parameters: CreateDeclared, _: Json) -> Json:
    made = creatable(parameters.object, ref.namespace)
    if not ref.of(made):
        raise Invalid(f"What is declared is not {ref.title}.")
    if masked(made):
        raise Invalid("A veiled value is never written.", cure="Create it from where it is declared.")
    if ref.kind == "Secret" and not parameters.applied and not (made.get("data") or made.get("stringData")):
        raise Invalid(f"What is in {ref.title} is not known.", cure="Create it from where its values are kept.")
    return made


def creatable(obj: Mapping[str, Any], namespace: str) -> Json:
    """A declared object as it is created: without what servers write and without an owner, in its namespace."""
    made = bare(dict(obj))
    metadata = {key: value for key, value in made["metadata"].items() if key not in ("ownerReferences", "finalizers")}
    return made | {"metadata": metadata | {"namespace": metadata.get("namespace") or namespace}}


def _there(repair: Repair, parameters: CreateDeclared, world: World) -> Held:
    """It is there, and does what it is for."""
    live = world.find(repair.ref)
    if live is None:
        return Held(False, f"{repair.ref.title} is not there.")
    return _SERVES.get(repair.ref.kind, _wanted)(repair, live, world)


def _leads(repair: Repair, live: Json, world: World) -> Held:
    pods = world.selected(labels(live, "spec", "selector"), repair.ref.namespace)
    ready = sum(pod.ready for pod in pods)
    return Held(True if ready else None, f"{repair.ref.title} is there and leads to {ready} ready pods.")


def _bound(repair: Repair, live: Json, world: World) -> Held:
    phase = word(live, "status", "phase")
    return Held(True if phase == "Bound" else None, f"{repair.ref.title} is there: {phase or 'not looked at yet'}.")


def _works(repair: Repair, live: Json, world: World) -> Held:
    workload = world.workload(repair.ref)
    if workload is None or workload.kind not in ("Deployment", "StatefulSet", "DaemonSet"):
        return Held(True, f"{repair.ref.title} is there.")
    return _shown(workload, repair)


def _wanted(repair: Repair, live: Json, world: World) -> Held:
    """Whoever names it has its pods, ready."""
    users = [each for each in world.view.every_workload if each.namespace == repair.ref.namespace and _names(each, repair.ref)]
    short = next((each for each in users if each.kind in ("Deployment", "StatefulSet", "DaemonSet") and each.short), None)
    return _shown(short, repair) if short else Held(True, f"{repair.ref.title} is there, and so are the pods of whoever names it.")


def _shown(workload: Workload, repair: Repair) -> Held:
    told = f"{repair.ref.title} is there; {workload.ready} of {workload.desired} pods of {workload.name} are ready."
    return Held(None if workload.short else True, told)


def _names(workload: Workload, ref: Ref) -> bool:
    """Whether a workload's pods need the object to be made or to start."""
    spec = workload.spec
    if ref.kind == "ServiceAccount":
        return ref.name in (word(spec, "serviceAccountName"), word(spec, "serviceAccount"))
    return ref.name in references(workload, ref.kind)


def references(workload: Workload, kind: str) -> set[str]:
    """The names of Secrets or ConfigMaps that a workload's containers and volumes refer to."""
    direct, keyed, volume, named = _PLACES.get(kind, ("", "", "", ""))
    found: set[str] = set()
    for container in (*rows(workload.spec, "containers"), *rows(workload.spec, "initContainers")):
        found |= {word(each, direct, "name") for each in rows(container, "envFrom")}
        found |= {word(each, "valueFrom", keyed, "name") for each in rows(container, "env")}
    for each in rows(workload.spec, "volumes"):
        found.add(word(each, volume, named))
        found |= {word(source, volume, "name") for source in rows(each, "projected", "sources")}
    if kind == "Secret":
        found |= {word(each, "name") for each in rows(workload.spec, "imagePullSecrets")}
    return found - {""}


def _undo(repair: Repair, parameters: CreateDeclared, _: Json) -> Repair | None:
    return put_back(repair, None, creatable(parameters.object, repair.ref.namespace))


def _after(repair: Repair, parameters: CreateDeclared) -> tuple[Repair, ...]:
    return readers.restarts(repair, parameters.restarts, parameters.at)


_PLACES = {
    "Secret": ("secretRef", "secretKeyRef", "secret", "secretName"),
    "ConfigMap": ("configMapRef", "configMapKeyRef", "configMap", "name"),
}
_SERVES: Mapping[str, Callable[[Repair, Json, World], Held]] = {
    "Service": _leads,
    "PersistentVolumeClaim": _bound,
    "Deployment": _works,
    "StatefulSet": _works,
    "DaemonSet": _works,
}
CREATE_DECLARED = Kind(
    "create_declared",
    "Create what is missing",
    Risk.LOW,
    CreateDeclared,
    CREATES,
    _change,
    _there,
    ("Pod", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet"),
    undo=_undo,
    after=_after,
    verbs=("get", "create"),
    creates=True,
)
KINDS = (CREATE_DECLARED,)
