"""Offers for quotas: each line that refuses what is wanted, raised by as much as that takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.rules.admission import quota_code
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.workloads import Workload
from workloads.quantities import quantity
from workloads.repairs.amounts import rounded_up
from workloads.repairs.edits import masked
from workloads.repairs.effects.quotas import OF_PODS, counts, missing, per_pod
from workloads.repairs.offering import finding
from workloads.repairs.offering.bindings import podless
from workloads.repairs.values import Ref, Repair
from workloads.unchecked import Table, labels, word


def raised(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """Each quota of the namespace with a line of the fault's kind that has no room: all its lines without room, raised."""
    for quota in view.kind("ResourceQuota"):
        if word(quota, "metadata", "namespace") != hypothesis.namespace:
            continue
        creates = list(_refused(view, hypothesis, quota))
        lines = [line for line in _lines(view, quota, hypothesis.namespace, creates) if line]
        if not any(quota_code(line["resource"]) == hypothesis.fault for line in lines):
            continue
        told = ", ".join(f"{line['resource']} to {line['to']} (it is {line['was']})" for line in lines)
        name = word(quota, "metadata", "name")
        yield Repair(
            "raise_quota",
            Ref("ResourceQuota", name, hypothesis.namespace),
            {"lines": lines, "creates": creates, **podless(view, _of(view, hypothesis.namespace))},
            f"Raise {told} in the quota {name}",
            hypothesis.fault,
            hypothesis.object,
        )


def _of(view: View, namespace: str) -> list[Workload]:
    return [each for each in view.every_workload if each.namespace == namespace]


def _lines(view: View, quota: Table, namespace: str, creates: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    hard, used = labels(quota, "spec", "hard") or labels(quota, "status", "hard"), labels(quota, "status", "used")
    declared = labels(finding.declared(view, "ResourceQuota", namespace, word(quota, "metadata", "name")), "spec", "hard")
    for resource, most in hard.items():
        needed = quantity(used.get(resource, "")) + _wanted(view, resource, namespace, creates)
        if needed <= quantity(most) + 1e-9:
            continue
        to = rounded_up(needed, resource)
        if quantity(declared.get(resource, "")) >= needed:
            to = declared[resource]
        yield {"resource": resource, "was": most, "to": to}


def _wanted(view: View, resource: str, namespace: str, creates: list[dict[str, Any]]) -> float:
    """How much of a line is wanted and not there."""
    if OF_PODS.match(resource):
        return sum(per_pod(each, resource) * missing(each) for each in view.every_workload if each.namespace == namespace)
    counted = [each for each in creates if counts(resource, each["kind"])]
    if resource.endswith("requests.storage"):
        return sum(quantity(word(each, "spec", "resources", "requests", "storage")) for each in counted)
    called = _called(view, namespace) if counts(resource, "Service") else ()
    return float(len(counted) or len(called))


def _called(view: View, namespace: str) -> set[str]:
    """Services that clients call, after which a workload is named, and which are not there."""
    names = {each.service for each in view.references if each.namespace == namespace}
    return {name for name in names if view.workload(namespace, name) and not view.service(namespace, name)}


def _refused(view: View, hypothesis: Hypothesis, quota: Table) -> Iterator[dict[str, Any]]:
    """Declared objects that are absent and that the quota counts."""
    for (kind, namespace, name), obj in sorted(view.declared.items()):
        here = (namespace or hypothesis.namespace) == hypothesis.namespace
        counted = any(counts(resource, kind) for resource in _hard(quota)) and kind != "Secret"
        if here and counted and not view.named(kind, hypothesis.namespace, name) and not masked(obj):
            yield dict(obj)


def _hard(quota: Table) -> dict[str, str]:
    return labels(quota, "spec", "hard") or labels(quota, "status", "hard")
