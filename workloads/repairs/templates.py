"""The pod template inside a live object: where it lies, its containers, and whether pods have come to be of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from controlplane.core.errors import Conflict
from workloads.diagnosis.view.pods import Pod
from workloads.diagnosis.view.workloads import Workload
from workloads.repairs.edits import Part
from workloads.repairs.values import Held, Json, Ref
from workloads.repairs.world import World
from workloads.unchecked import Table, rows, table, word

TEMPLATE = ("spec", "template")
ANNOTATIONS = (*TEMPLATE, "metadata", "annotations")
POD_SPEC = (*TEMPLATE, "spec")
_CRON = ("spec", "jobTemplate", "spec", "template")


def template_path(kind: str) -> tuple[Part, ...]:
    """Where the pod template lies in objects of a kind."""
    return _CRON if kind == "CronJob" else TEMPLATE


def template_of(obj: Json) -> Table:
    """The pod template of a live object."""
    return table(obj, *template_path(str(obj.get("kind"))))


def spec_path(kind: str) -> tuple[Part, ...]:
    """Where the pod spec lies."""
    return (*template_path(kind), "spec")


def container_path(obj: Json, name: str) -> tuple[Part, ...]:
    """Where a container lies. Raises Conflict where the object has none of that name."""
    spec = table(template_of(obj), "spec")
    for field in ("containers", "initContainers"):
        if any(word(each, "name") == name for each in rows(spec, field)):
            return (*spec_path(str(obj.get("kind"))), field, f"[name={name}]")
    raise Conflict(f"There is no container {name} any more.", cure="Diagnose again.")


def container_of(spec: Any, name: str) -> Table:
    """A container of a pod spec by name, empty where there is none."""
    found = (each for field in ("containers", "initContainers") for each in rows(spec, field) if word(each, "name") == name)
    return next(found, {})


def carried(ref: Ref, world: World, fits: Callable[[Table], bool], what: str, works: Callable[[Pod], bool] | None = None) -> Held:
    """Whether the template fits, and every pod is of it and takes traffic (or `works`). `what` names what must fit."""
    workload = world.workload(ref)
    if workload is None or not workload.obj:
        return Held(False, f"{ref.title} is not there.")
    if not fits(table(template_of(dict(workload.obj)), "spec")):
        return Held(False, f"{ref.title} has not {what}.")
    pods = workload.standing_pods
    new = [pod for pod in pods if fits(_made_of(workload, pod))]
    good = [pod for pod in new if (works or _ready)(pod)]
    done = bool(good) and len(good) >= workload.desired and len(new) == len(pods)
    return Held(True if done else None, f"{len(good)} of {max(workload.desired, len(pods))} pods of {ref.title} run with {what}.")


def _made_of(workload: Workload, pod: Pod) -> Table:
    """The pod spec of the ReplicaSet that made it, to which admission has added nothing; else the pod's own."""
    for each in workload.sets:
        if any(word(owner, "name") == word(each, "metadata", "name") for owner in rows(pod.obj, "metadata", "ownerReferences")):
            return table(each, "spec", "template", "spec")
    return table(pod.obj, "spec")


def _ready(pod: Pod) -> bool:
    return pod.ready
