"""Deployments, StatefulSets, DaemonSets and ReplicaSets: fewer pods than wanted, references that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.diagnosis.findings.stating import HIGH, LOW, MEDIUM, fact
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.workloads import Workload
from workloads.evidence import Fact
from workloads.unchecked import rows, word


def findings(view: View) -> Iterator[Fact]:
    """What each controller of pods lacks."""
    for workload in view.workloads:
        if workload.kind in ("Deployment", "StatefulSet", "DaemonSet"):
            if workload.short:
                yield fact(
                    f"{workload.kind.lower()}_short", HIGH, workload.obj, f"{workload.ready} of {workload.desired} pods are ready"
                )
            yield from _stuck(workload)
        if workload.kind == "StatefulSet":
            yield from _stateful(view, workload)
        yield from _creation(view, workload)


def _stuck(workload: Workload) -> Iterator[Fact]:
    progressing = workload.condition("Progressing")
    if word(progressing, "reason") == "ProgressDeadlineExceeded":
        yield fact(
            "deployment_does_not_progress", HIGH, workload.obj, word(progressing, "message") or "the roll-out passed its deadline"
        )


def _stateful(view: View, workload: Workload) -> Iterator[Fact]:
    service = word(workload.obj, "spec", "serviceName")
    if service and not view.service(workload.namespace, service):
        yield fact(
            "statefulset_without_service",
            MEDIUM,
            workload.obj,
            f"its governing Service {service} does not exist",
            "Create the headless Service.",
        )
    for claim in rows(workload.obj, "spec", "volumeClaimTemplates"):
        wanted = word(claim, "spec", "storageClassName")
        if wanted and not view.named("StorageClass", "", wanted):
            yield fact(
                "statefulset_class_missing", MEDIUM, workload.obj, f"its claims name the class {wanted}, which does not exist"
            )


def _creation(view: View, workload: Workload) -> Iterator[Fact]:
    for each in workload.sets:
        failed = next(
            (
                one
                for one in rows(each, "status", "conditions")
                if word(one, "type") == "ReplicaFailure" and word(one, "status") == "True"
            ),
            None,
        )
        if failed and workload.short:
            yield fact("replicaset_cannot_create", HIGH, each, word(failed, "message") or word(failed, "reason"))
    for volume in rows(workload.spec, "volumes"):
        for kind, name in (("ConfigMap", word(volume, "configMap", "name")), ("Secret", word(volume, "secret", "secretName"))):
            optional = word(volume, kind[0].lower() + kind[1:], "optional") == "true"
            if name and view.kind(kind) and not optional and not view.named(kind, workload.namespace, name):
                yield fact(
                    "volume_source_missing",
                    HIGH if workload.short else LOW,
                    workload.obj,
                    f"mounts the {kind} {name}, which does not exist",
                )
