"""Claims, volumes and storage classes."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.diagnosis.findings.stating import HIGH, LOW, MEDIUM, fact
from workloads.diagnosis.view.cluster import View
from workloads.evidence import Fact
from workloads.unchecked import labels, word


def findings(view: View) -> Iterator[Fact]:
    """Claims that wait (unless their class waits for a pod), volumes that failed, more than one default class."""
    lazy = {
        word(each, "metadata", "name")
        for each in view.kind("StorageClass")
        if word(each, "volumeBindingMode") == "WaitForFirstConsumer"
    }
    used = {(each.namespace, name) for each in view.workloads if each.standing_pods for name in each.claims()}
    for claim in view.kind("PersistentVolumeClaim"):
        key = word(claim, "metadata", "namespace"), word(claim, "metadata", "name")
        phase = word(claim, "status", "phase")
        if view.seen(claim) and phase == "Lost":
            yield fact("claim_lost", HIGH, claim, "the volume it was bound to is gone")
        if view.seen(claim) and phase == "Pending" and (word(claim, "spec", "storageClassName") not in lazy or key in used):
            told = next(
                (event.message for event in view.events_of("PersistentVolumeClaim", *key) if event.warning), "it is not bound"
            )
            yield fact("claim_pending", MEDIUM, claim, told)
    for volume in view.kind("PersistentVolume"):
        if word(volume, "status", "phase") == "Failed":
            yield fact("volume_failed", MEDIUM, volume, word(volume, "status", "message") or "could not be reclaimed")
    defaults = [
        each
        for each in view.kind("StorageClass")
        if labels(each, "metadata", "annotations").get("storageclass.kubernetes.io/is-default-class") == "true"
    ]
    if len(defaults) > 1:
        yield fact("storage_class_defaults", LOW, defaults[0], f"{len(defaults)} classes are the default one")
