"""Volumes: a claim cannot bind. Rests on the binder's semantics (class, mode, size, selector, claimRef) and its events."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.rules.making import heard, seen, suppose
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.workloads import Workload
from workloads.quantities import quantity
from workloads.unchecked import Table, dig, labels, rows, table, word, words

# What can part a claim from a volume, in the order in which a single one of them is told.
_FAULTS = {
    "class": "pvc_storage_class_mismatch",
    "modes": "pvc_access_mode_mismatch",
    "selector": "pvc_selector_mismatch",
    "capacity": "pvc_capacity_mismatch",
    "occupied": "pv_binding_occupied",
}


def unbound(view: View) -> Iterator[Hypothesis]:
    """A workload waits for a claim that is Pending: the volume that fits best tells what is in the way."""
    for workload in view.workloads:
        for name in workload.claims() if any(pod.unscheduled for pod in workload.pods) else ():
            claim = view.named("PersistentVolumeClaim", workload.namespace, name)
            if claim and word(claim, "status", "phase") in ("Pending", "Lost") and not dig(claim, "metadata", "deletionTimestamp"):
                yield from _why(view, workload, claim)


def _why(view: View, workload: Workload, claim: Table) -> Iterator[Hypothesis]:
    volumes = view.kind("PersistentVolume")
    name = word(claim, "metadata", "name")
    told = [event for event in view.events_of("PersistentVolumeClaim", workload.namespace, name) if event.warning][:2]
    wanted = dig(claim, "spec", "storageClassName")
    exists = not wanted or bool(view.named("StorageClass", "", str(wanted)))
    if not exists and not any(word(volume, "spec", "storageClassName") == wanted for volume in volumes):
        fault, text = "pvc_storage_class_mismatch", f"storageClassName {wanted}: no such class, no volume of it"
    elif (dynamic := _provisioner(view, wanted)) and told:
        fault, text = "volume_provisioning_failed", f"{dynamic} did not provide a volume"
    else:
        fault, text = _nearest(claim, volumes)
    if fault:
        yield suppose(
            fault,
            workload.app,
            workload.namespace,
            0.94 if volumes or told else 0.7,
            f"The claim {name} of {workload.name} does not bind: {text}.",
            [seen(f"persistentvolumeclaim/{name}", text), *map(heard, told)],
            explains=[workload.app],
        )


def _provisioner(view: View, wanted: object) -> str:
    """The provisioner that makes volumes for the claim, empty where volumes are made by hand."""
    for each in view.kind("StorageClass"):
        default = labels(each, "metadata", "annotations").get("storageclass.kubernetes.io/is-default-class") == "true"
        if word(each, "metadata", "name") == wanted or (wanted is None and default):
            found = word(each, "provisioner")
            return "" if found == "kubernetes.io/no-provisioner" else found
    return ""


def _nearest(claim: Table, volumes: list[Table]) -> tuple[str, str]:
    """The fault that the best-fitting volume shows: the one with the fewest differences, free ones before taken ones."""
    if not volumes:
        return ("pvc_capacity_mismatch", "there is no volume at all") if word(claim, "spec", "storageClassName") == "" else ("", "")
    judged = [(differences(claim, volume), word(volume, "metadata", "name")) for volume in volumes]
    found, name = min(
        judged, key=lambda each: (len(each[0]), "occupied" in each[0], list(_FAULTS).index(each[0][0]) if each[0] else 9)
    )
    if not found:
        return "", ""
    return _FAULTS[found[0]], f"nearest volume {name} differs in: {', '.join(found)}"


def differences(claim: Table, volume: Table) -> list[str]:
    """What parts a claim from a volume (pkg/controller/volume/persistentvolume), most telling first."""
    found = []
    wanted, offered = table(claim, "spec"), table(volume, "spec")
    if "storageClassName" in wanted and word(wanted, "storageClassName") != word(offered, "storageClassName"):
        found.append("class")
    if set(words(wanted, "accessModes")) - set(words(offered, "accessModes")):
        found.append("modes")
    if not _selected(table(wanted, "selector"), labels(volume, "metadata", "labels")):
        found.append("selector")
    if quantity(word(wanted, "resources", "requests", "storage")) > quantity(word(offered, "capacity", "storage")):
        found.append("capacity")
    if _occupied(claim, volume):
        found.append("occupied")
    return found


def _occupied(claim: Table, volume: Table) -> bool:
    """Whether the volume belongs to another claim, or to one that is gone (Released)."""
    reference = table(volume, "spec", "claimRef")
    mine = (word(reference, "namespace"), word(reference, "name")) == (
        word(claim, "metadata", "namespace"),
        word(claim, "metadata", "name"),
    )
    stale = (
        bool(word(reference, "uid"))
        and bool(word(claim, "metadata", "uid"))
        and word(reference, "uid") != word(claim, "metadata", "uid")
    )
    return bool(reference) and (not mine or stale or word(volume, "status", "phase") in ("Released", "Failed"))


def _selected(selector: Table, having: dict[str, str]) -> bool:
    """A label selector with expressions."""
    if any(having.get(key) != value for key, value in labels(selector, "matchLabels").items()):
        return False
    for each in rows(selector, "matchExpressions"):
        key, operator, values = word(each, "key"), word(each, "operator"), words(each, "values")
        present, listed = key in having, having.get(key) in values
        if not {"In": listed, "NotIn": not listed, "Exists": present, "DoesNotExist": not present}.get(operator, False):
            return False
    return True


def missing_claim(view: View) -> Iterator[Hypothesis]:
    """A pod that waits mounts a claim that does not exist (the scheduler says so too)."""
    for workload in view.workloads:
        if not any(pod.unscheduled for pod in workload.pods) or not view.kind("PersistentVolumeClaim"):
            continue
        for volume in rows(workload.spec, "volumes"):
            name = word(volume, "persistentVolumeClaim", "claimName")
            if name and not view.named("PersistentVolumeClaim", workload.namespace, name):
                proof = seen(workload.path, f"mounts the claim {name}; there is no such claim")
                yield suppose(
                    "missing_volume_claim",
                    workload.app,
                    workload.namespace,
                    0.8,
                    f"{workload.name} waits for a claim that is not there.",
                    [proof],
                    explains=[workload.app],
                )


RULES = (unbound, missing_claim)
