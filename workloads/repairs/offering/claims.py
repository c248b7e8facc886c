"""Offers for claims that do not bind or are full: a claim that a volume fits, a volume whose claim is gone, a larger one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.rules.volumes import differences
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.logs import Signature
from workloads.diagnosis.view.workloads import Workload
from workloads.quantities import quantity
from workloads.repairs.amounts import rounded_up
from workloads.repairs.edits import ABSENT, Edit, applied
from workloads.repairs.offering import finding
from workloads.repairs.values import Ref, Repair
from workloads.unchecked import Table, dig, labels, table, word, words

FULL = Signature(
    re.compile(r"no space left on device|ENOSPC|disk (?:is )?full|could not extend file", re.I),
    ("space left", "enospc", "disk", "extend file"),
)


def binding(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """The claim as it is declared, or changed in the one thing that parts it from a free volume or from a class that makes one."""
    found = finding.workload(view, hypothesis)
    for claim in _pending(view, found) if found else ():
        assert found is not None
        name = word(claim, "metadata", "name")
        declared = finding.declared(view, "PersistentVolumeClaim", found.namespace, name)
        for edits, told in (*_as_declared(claim, declared), *_fitting(view, claim), *_by_class(view, claim)):
            parameters = {"edits": [edit.as_json() for edit in edits]}
            said = ", ".join(_said(edit) for edit in edits)
            summary = f"Make the claim {name} of {found.name} anew with {said} ({told})"
            ref = Ref("PersistentVolumeClaim", name, found.namespace)
            yield Repair("patch_claim", ref, parameters, summary, hypothesis.fault, hypothesis.object)


def _pending(view: View, workload: Workload) -> Iterator[Table]:
    for name in workload.claims():
        claim = view.named("PersistentVolumeClaim", workload.namespace, name)
        if claim and word(claim, "status", "phase") == "Pending":
            yield claim


def _said(edit: Edit) -> str:
    where = edit.where.removeprefix("spec.")
    return f"no {where}" if edit.to is ABSENT else f"{where} {edit.to}"


def _as_declared(claim: Table, declared: Table) -> Iterator[tuple[list[Edit], str]]:
    names = ("storageClassName", "accessModes", "selector", "resources")
    sides = {name: (dig(claim, "spec", name), dig(declared, "spec", name)) for name in names}
    edits = [_edit(name, was, to) for name, (was, to) in sides.items() if (to or None) != (was or None)]
    if declared and edits:
        yield edits, "as declared"


def _edit(name: str, was: Any, to: Any) -> Edit:
    return Edit(("spec", name), was if was is not None else ABSENT, to if to is not None else ABSENT)


def _fitting(view: View, claim: Table) -> Iterator[tuple[list[Edit], str]]:
    """For the free volumes that differ in the least, what would make the claim fit."""
    judged = sorted(
        ((differences(claim, volume), word(volume, "metadata", "name"), volume) for volume in view.kind("PersistentVolume")),
        key=lambda each: (len(each[0]), each[1]),
    )
    for differing, name, volume in judged:
        if not differing or "occupied" in differing or word(volume, "status", "phase") not in ("Available", ""):
            continue
        edits = [edit for what in differing for edit in _towards(claim, volume, what)]
        if not differences(applied(dict(claim), edits), volume):
            yield edits, f"volume {name} is free and fits then"
            return


def _towards(claim: Table, volume: Table, what: str) -> Iterator[Edit]:
    wanted, offered = table(claim, "spec"), table(volume, "spec")
    if what == "class":
        yield _edit("storageClassName", dig(wanted, "storageClassName"), word(offered, "storageClassName"))
    if what == "modes":
        modes = words(offered, "accessModes")
        kept = [mode for mode in words(wanted, "accessModes") if mode in modes]
        yield _edit("accessModes", words(wanted, "accessModes"), kept or modes[:1])
    if what == "selector":
        having, chosen = labels(volume, "metadata", "labels"), labels(wanted, "selector", "matchLabels")
        same = {key: having[key] for key in chosen if key in having}
        complete = same and len(same) == len(chosen) and not dig(wanted, "selector", "matchExpressions")
        yield _edit("selector", dict(table(wanted, "selector")), {"matchLabels": same} if complete else None)
    if what == "capacity":
        path = ("spec", "resources", "requests", "storage")
        yield Edit(path, word(wanted, "resources", "requests", "storage"), word(offered, "capacity", "storage"))


def _by_class(view: View, claim: Table) -> Iterator[tuple[list[Edit], str]]:
    """The class of nearly the name, else the default one, that makes volumes; it makes none for a claim with a selector."""
    classes = {
        word(each, "metadata", "name"): each
        for each in view.kind("StorageClass")
        if word(each, "provisioner") not in ("", "kubernetes.io/no-provisioner")
    }
    wanted = word(claim, "spec", "storageClassName")
    if wanted in classes:
        return
    usual = [name for name, each in classes.items() if _is_default(each)]
    to = finding.closest(wanted, classes, 0.7) or (usual[0] if len(usual) == 1 else "")
    if to:
        edits = [_edit("storageClassName", dig(claim, "spec", "storageClassName"), to)]
        selector = table(claim, "spec", "selector")
        yield [*edits, *([_edit("selector", dict(selector), None)] if selector else [])], "this class makes volumes"


def _is_default(storage_class: Table) -> bool:
    return labels(storage_class, "metadata", "annotations").get("storageclass.kubernetes.io/is-default-class") == "true"


def freed(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """A volume that fits but for a claim that is gone: it may be given again, with what it holds."""
    found = finding.workload(view, hypothesis)
    for claim in _pending(view, found) if found else ():
        for volume in view.kind("PersistentVolume"):
            reference = table(volume, "spec", "claimRef")
            namespace, name = word(reference, "namespace"), word(reference, "name")
            holder = view.named("PersistentVolumeClaim", namespace, name)
            gone = not holder or word(holder, "metadata", "uid") != word(reference, "uid")
            released = word(volume, "status", "phase") in ("Released", "Failed")
            if reference and gone and released and differences(claim, volume) == ["occupied"]:
                title = word(volume, "metadata", "name")
                parameters = {"claim": f"{namespace}/{name}", "uid": word(reference, "uid")}
                summary = f"Free volume {title} of the claim {namespace}/{name}, which is gone; its data stays on it"
                yield Repair(
                    "release_volume", Ref("PersistentVolume", title), parameters, summary, hypothesis.fault, hypothesis.object
                )


def expanded(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """Twice the size of a claim of a program that says its disk is full, where its class allows that."""
    found = finding.workload(view, hypothesis)
    line = next((line for log in view.logs_of(found) for line in log.matching(FULL, most=1)), None) if found else None
    for name in dict.fromkeys(found.claims()) if found and line else ():
        assert found is not None
        claim = view.named("PersistentVolumeClaim", found.namespace, name)
        made = view.named("StorageClass", "", word(claim, "spec", "storageClassName"))
        was = word(claim, "spec", "resources", "requests", "storage")
        if word(claim, "status", "phase") == "Bound" and dig(made, "allowVolumeExpansion") is True and was:
            parameters = {"was": was, "to": rounded_up(2 * quantity(was), "storage")}
            summary = f"Expand the claim {name} of {found.name} to {parameters['to']} (it is {was}, and full)"
            ref = Ref("PersistentVolumeClaim", name, found.namespace)
            yield Repair("expand_claim", ref, parameters, summary, hypothesis.fault, hypothesis.object)
