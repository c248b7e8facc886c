"""Autoscalers: a target that is not there, containers without requests. One at its minimum is at rest, not in trouble."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.diagnosis.findings.stating import INFO, MEDIUM, fact
from workloads.diagnosis.view.cluster import View
from workloads.evidence import Fact
from workloads.unchecked import Table, rows, whole, word


def findings(view: View) -> Iterator[Fact]:
    """Each autoscaler against its own namespace: scaleTargetRef never leads into another."""
    for obj in view.kind("HorizontalPodAutoscaler"):
        if view.seen(obj):
            yield from _one(view, obj)


def _one(view: View, obj: Table) -> Iterator[Fact]:
    kind, name = word(obj, "spec", "scaleTargetRef", "kind"), word(obj, "spec", "scaleTargetRef", "name")
    target = view.workload(word(obj, "metadata", "namespace"), name)
    if kind in ("Deployment", "StatefulSet", "ReplicaSet") and (target is None or target.kind != kind):
        yield fact("autoscaler_target_missing", MEDIUM, obj, f"scales {kind} {name}, which does not exist in its namespace")
        return
    resources = [word(each, "resource", "name") for each in rows(obj, "spec", "metrics") if word(each, "type") == "Resource"]
    bare = (
        [each.name for each in target.containers if not word(each.spec, "resources", "requests", resources[0])]
        if target and resources
        else []
    )
    if bare:
        yield fact("autoscaler_without_requests", MEDIUM, obj, f"scales by {resources[0]}, and {', '.join(bare[:5])} request none")
    unable = next(
        (
            each
            for each in rows(obj, "status", "conditions")
            if word(each, "type") in ("AbleToScale", "ScalingActive") and word(each, "status") == "False"
        ),
        None,
    )
    if unable and word(unable, "reason") != "ScalingDisabled":
        yield fact("autoscaler_cannot_scale", MEDIUM, obj, word(unable, "message") or word(unable, "reason"))
    most = whole(obj, "spec", "maxReplicas")
    if most and whole(obj, "status", "currentReplicas") >= most > whole(obj, "spec", "minReplicas", default=1):
        yield fact("autoscaler_at_maximum", INFO, obj, f"runs all {most} replicas that it may")
