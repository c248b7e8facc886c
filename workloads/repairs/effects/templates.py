"""The pod template: as it was in a former revision, or with fields that schedule, resolve and bind its pods mended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field

from controlplane.core.errors import Conflict, Invalid
from workloads.diagnosis.view.pods import Pod
from workloads.repairs.edits import Edit, applied, contained, masked, read_edit
from workloads.repairs.kind import STRICT, WORKLOADS, Kind, Risk
from workloads.repairs.templates import carried, template_path
from workloads.repairs.values import Held, Json, Ref, Repair
from workloads.repairs.world import World
from workloads.unchecked import Table, rows

Edits = Annotated[list[dict[str, Any]], Field(min_length=1, max_length=100)]
SCHEDULING = frozenset({"nodeSelector", "nodeName", "affinity", "tolerations", "topologySpreadConstraints"})
REST = frozenset(
    {
        "securityContext",
        "serviceAccountName",
        "serviceAccount",
        "imagePullSecrets",
        "dnsPolicy",
        "dnsConfig",
        "hostAliases",
        "volumes",
        "containers",
    }
)
# Of a container: what refers to other objects and ports. Never what it runs, as whom, or with which image.
OF_CONTAINER = frozenset({"envFrom", "env", "ports"})


@dataclass(frozen=True, slots=True)
class ReturnTemplate:
    """The revision whose template it becomes, and the edits that lead there from the live one; paths begin in the template."""

    __pydantic_config__ = STRICT
    revision: Annotated[str, Field(max_length=20)]
    replica_set: Annotated[str, Field(max_length=253)]
    edits: Edits


@dataclass(frozen=True, slots=True)
class Patch:
    """Edits whose paths begin in the pod spec."""

    __pydantic_config__ = STRICT
    edits: Edits


def _read(told: list[dict[str, Any]]) -> list[Edit]:
    edits = [read_edit(each) for each in told]
    if any(masked(edit.to) for edit in edits):
        raise Invalid("A veiled value is never written.", cure="Change it by hand.")
    return edits


def _below(edits: list[Edit], *path: str | int) -> list[Edit]:
    return [replace(edit, path=(*path, *edit.path)) for edit in edits]


def _return(ref: Ref, parameters: ReturnTemplate, live: Json) -> Json:
    edits = _read(parameters.edits)
    if any(edit.path[0] not in ("metadata", "spec") for edit in edits):
        raise Invalid("A template has metadata and a spec.")
    return applied(live, _below(edits, *template_path(ref.kind)))


def _schedule(ref: Ref, parameters: Patch, live: Json) -> Json:
    edits = _read(parameters.edits)
    if any(edit.path[0] not in SCHEDULING for edit in edits):
        raise Invalid(f"What schedules pods is one of: {', '.join(sorted(SCHEDULING))}.")
    return applied(live, _below(edits, *template_path(ref.kind), "spec"))


def _bind(ref: Ref, parameters: Patch, live: Json) -> Json:
    edits = _read(parameters.edits)
    for edit in edits:
        inside = edit.path[0] == "containers"
        user = edit.path[0] == "securityContext" and edit.path[1:] != ("fsGroup",)
        if user or edit.path[0] not in REST or (inside and (len(edit.path) < 3 or edit.path[2] not in OF_CONTAINER)):
            raise Invalid(f"{edit.where} is none of what this repair may change.")
    return applied(live, _below(edits, *template_path(ref.kind), "spec"))


def made(spec: Table, edits: list[Edit]) -> bool:
    """Whether a pod spec has what the edits make; in lists, admission may have added more."""
    try:
        applied(dict(spec), [Edit(edit.path, edit.to, edit.to) for edit in edits if not _listed(spec, edit)])
    except Conflict:
        return False
    return True


def _listed(spec: Table, edit: Edit) -> bool:
    """Whether all items of a list of the pod spec stand there, beside others."""
    there = rows(spec, str(edit.path[0])) if len(edit.path) == 1 and isinstance(edit.to, list) else []
    return bool(there) and all(any(contained(one, dict(other)) for other in there) for one in edit.to)


def _returned(repair: Repair, parameters: ReturnTemplate, world: World) -> Held:
    """Every pod is of that template and takes traffic, and none is restarted."""
    inside = [Edit(edit.path[1:], edit.was, edit.to) for edit in _read(parameters.edits) if edit.path[0] == "spec"]
    return carried(repair.ref, world, lambda spec: made(spec, inside), f"the template of revision {parameters.revision}", _stays)


def _stays(pod: Pod) -> bool:
    return pod.ready and not any(each.restarts for each in pod.containers)


def _placed(repair: Repair, parameters: Patch, world: World) -> Held:
    """Every pod of it has a node and takes traffic."""
    edits = _read(parameters.edits)
    fields = ", ".join(dict.fromkeys(str(edit.path[0]) for edit in edits))
    return carried(repair.ref, world, lambda spec: made(spec, edits), f"the mended {fields}", lambda pod: bool(pod.node))


def _bound(repair: Repair, parameters: Patch, world: World) -> Held:
    """Every pod of it takes traffic."""
    edits = _read(parameters.edits)
    fields = ", ".join(dict.fromkeys(str(edit.path[0]) for edit in edits))
    return carried(repair.ref, world, lambda spec: made(spec, edits), f"the mended {fields}")


RETURN_TEMPLATE = Kind(
    "return_template",
    "Return to a former pod template",
    Risk.MEDIUM,
    ReturnTemplate,
    ("Deployment",),
    _return,
    _returned,
    ("Pod", "ReplicaSet"),
)
PATCH_SCHEDULING = Kind(
    "patch_scheduling", "Mend where pods may run", Risk.MEDIUM, Patch, WORKLOADS, _schedule, _placed, ("Pod", "ReplicaSet", "Node")
)
PATCH_TEMPLATE = Kind(
    "patch_template", "Mend what pods refer to", Risk.MEDIUM, Patch, WORKLOADS, _bind, _bound, ("Pod", "ReplicaSet")
)
KINDS = (RETURN_TEMPLATE, PATCH_SCHEDULING, PATCH_TEMPLATE)
