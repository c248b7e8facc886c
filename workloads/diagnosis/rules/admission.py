"""Admission: the API server refuses what a controller wants to create. All rules rest on Kubernetes' own messages and objects."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workloads.diagnosis.answers import Hypothesis, Source
from workloads.diagnosis.rules.making import heard, other, seen, suppose
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.events import Event
from workloads.diagnosis.view.workloads import Workload
from workloads.quantities import quantity
from workloads.unchecked import Table, labels, word

_NO_ACCOUNT = re.compile(r'serviceaccount "([^"]{1,253})" not found', re.I)
_QUOTA = re.compile(
    r"exceeded quota: (?P<quota>[^,\s]{1,253}), requested: (?P<asked>.{1,600}?), used: (?P<used>.{1,600}?)"
    r", limited: (?P<hard>.{1,600})"
)
_OTHERS = (
    ("pod_security_violation", re.compile(r"violates PodSecurity|unable to validate against any (?:pod )?security")),
    ("limit_range_violation", re.compile(r"(?:maximum|minimum) (?:cpu|memory|storage) usage per|max limit to request ratio")),
    ("quota_requires_resources", re.compile(r"failed quota: .{1,253}: must specify")),
    ("webhook_unavailable", re.compile(r"failed calling webhook|failed to call webhook")),
    ("webhook_refuses", re.compile(r"admission webhook .{1,253} denied the request")),
)
STORAGE = re.compile(r"requests\.storage$|^persistentvolumeclaims$|^count/persistentvolumeclaims$|ephemeral-storage$")


def lacks_pods(workload: Workload) -> bool:
    """Whether its controller fails to create pods: there are too few, or it says so while the former ones still stand."""
    return len(workload.standing_pods) < workload.desired or word(workload.condition("ReplicaFailure"), "status") == "True"


def refusals(view: View, workload: Workload) -> list[Event]:
    """What was last said about creating its pods or claims, while it lacks pods: latest first."""
    if not lacks_pods(workload):
        return []
    named = [(workload.kind, workload.name)] + [("ReplicaSet", word(each, "metadata", "name")) for each in workload.sets]
    found = [
        event
        for kind, name in named
        for event in view.events_of(kind, workload.namespace, name)
        if event.reason in ("FailedCreate", "FailedUpdate", "ReplicaSetCreateError")
    ]
    return sorted(found, key=lambda event: -event.at)


def missing_account(view: View) -> Iterator[Hypothesis]:
    """A controller short of pods names a ServiceAccount that does not exist (admission plug-in ServiceAccount)."""
    for workload in view.workloads:
        if workload.kind in ("Job", "CronJob") or not lacks_pods(workload):
            continue
        name = word(workload.spec, "serviceAccountName") or word(workload.spec, "serviceAccount")
        absent = bool(name) and not view.named("ServiceAccount", workload.namespace, name)
        said = [event for event in refusals(view, workload) if _NO_ACCOUNT.search(event.message)]
        if not absent or not (said or view.kind("ServiceAccount")):
            continue
        proofs = [seen(workload.path, f"serviceAccountName: {name}; no such ServiceAccount in {workload.namespace}")]
        yield suppose(
            "missing_service_account",
            workload.app,
            workload.namespace,
            0.97 if said else 0.7,
            f"{workload.name} gets no pods: its ServiceAccount {name} does not exist.",
            [*proofs, *map(heard, said[:2])],
            explains=[workload.app],
        )


def quota_code(resource: str) -> str:
    """Which fault a line of a ResourceQuota stands for."""
    if STORAGE.search(resource):
        return "namespace_storage_quota_exceeded"
    if "service" in resource:
        return "namespace_service_quota_exceeded"
    for word_, code in (("cpu", "cpu"), ("memory", "memory"), ("pod", "pod")):
        if word_ in resource:
            return f"namespace_{code}_quota_exceeded"
    return "namespace_object_quota_exceeded"


def pairs(text: str) -> dict[str, float]:
    """`a=1,b=2Gi` as numbers."""
    found = (part.partition("=") for part in text.split(","))
    return {name.strip(): quantity(value.strip()) for name, _, value in found if value}


def _exceeded(match: re.Match[str]) -> list[str]:
    """The lines that the request does not fit into."""
    asked, used, hard = pairs(match["asked"]), pairs(match["used"]), pairs(match["hard"])
    return [name for name in asked if used.get(name, 0) + asked[name] > hard.get(name, 0) + 1e-9] or list(asked)


def quotas(view: View) -> Iterator[Hypothesis]:
    """The quota plug-in refuses a controller's pods or claims now; if the quota has room again, that counts against it."""
    for workload in view.workloads:
        for event in refusals(view, workload)[:5]:
            match = _QUOTA.search(event.message)
            if not match:
                continue
            for resource in _exceeded(match)[:1]:
                quota = view.named("ResourceQuota", workload.namespace, match["quota"])
                yield _quota(workload, event, resource, quota, pairs(match["asked"]).get(resource, 0))
            break


def full_quota(view: View) -> Iterator[Hypothesis]:
    """Without events: a controller fails to create (condition ReplicaFailure) and a quota has no room for one pod of it."""
    for workload in view.workloads:
        failure = word(workload.condition("ReplicaFailure"), "status") == "True"
        if not failure or refusals(view, workload):
            continue
        for quota in view.kind("ResourceQuota"):
            if word(quota, "metadata", "namespace") == workload.namespace:
                yield from _no_room(workload, quota)


def _no_room(workload: Workload, quota: Table) -> Iterator[Hypothesis]:
    used = labels(quota, "status", "used")
    for resource, most in labels(quota, "status", "hard").items():
        base = resource.removeprefix("requests.").removeprefix("limits.")
        asked = 1.0 if base in ("pods", "count/pods") else workload.request(base)
        if asked and quantity(used.get(resource, "0")) + asked > quantity(most):
            text = f"{resource}: used {used.get(resource, '0')} of {most}, {asked:g} more needed"
            proofs = [
                seen(f"resourcequota/{word(quota, 'metadata', 'name')}", text),
                seen(workload.path, "ReplicaFailure: FailedCreate"),
            ]
            yield suppose(
                quota_code(resource),
                f"namespace/{workload.namespace}",
                workload.namespace,
                0.75,
                f"The quota has no room for {workload.name}.",
                proofs,
                explains=[workload.app],
            )


def _quota(workload: Workload, event: Event, resource: str, quota: Table, asked: float) -> Hypothesis:
    hard = quantity(labels(quota, "status", "hard").get(resource) or labels(quota, "spec", "hard").get(resource, ""))
    used = quantity(labels(quota, "status", "used").get(resource, ""))
    room = bool(quota) and hard >= used + asked > 0
    name = word(quota, "metadata", "name")
    line = [seen(f"resourcequota/{name}", f"{resource}: used {used:g} of {hard:g}, {asked:g} more asked")] if quota else []
    return suppose(
        quota_code(resource),
        f"namespace/{workload.namespace}",
        workload.namespace,
        0.96 if resource.startswith("pods") or quota else 0.9,
        f"The quota {name or 'of the namespace'} refuses {workload.name}: no room for {resource}.",
        [heard(event), *line],
        explains=[workload.app],
        contradictions=["The quota has room for it now."] if room else [],
    )


def _full(view: View, pattern: re.Pattern[str], namespace: str) -> tuple[Table, str] | None:
    """The quota of the namespace with a full line of that kind."""
    for quota in view.kind("ResourceQuota"):
        if word(quota, "metadata", "namespace") != namespace:
            continue
        hard, used = labels(quota, "status", "hard"), labels(quota, "status", "used")
        for resource, most in (hard or labels(quota, "spec", "hard")).items():
            if pattern.search(resource) and quantity(used.get(resource, "0")) >= quantity(most):
                return quota, resource
    return None


_SERVICES = re.compile(r"^(?:count/)?services(?:\.|$)")


def service_quota(view: View) -> Iterator[Hypothesis]:
    """A Service that is declared, or that clients name and a workload is called after, is absent while the quota is full."""
    absent = {(namespace, name) for kind, namespace, name in view.declared if kind == "Service" and namespace in view.namespaces}
    absent |= {
        (each.namespace, each.service) for each in view.references if view.workload(each.namespace, each.service) is not None
    }
    for namespace, name in sorted(absent):
        full = _full(view, _SERVICES, namespace)
        if view.named("Service", namespace, name) or not full:
            continue
        quota, resource = full
        most = labels(quota, "status", "hard").get(resource, "")
        yield suppose(
            "namespace_service_quota_exceeded",
            f"namespace/{namespace}",
            namespace,
            0.95,
            f"The Service {name} is missing and the quota of {namespace} has no room for another.",
            [
                seen(f"resourcequota/{word(quota, 'metadata', 'name')}", f"{resource}: all {most} used"),
                other(Source.DECLARED, f"service/{name}", "declared or called by its name, but absent from the cluster"),
            ],
            explains=[f"app/{name}"],
        )


def storage_quota(view: View) -> Iterator[Hypothesis]:
    """A claim that is declared or mounted is absent, and it would not fit into a storage line of the quota."""
    for workload in view.workloads:
        for name in workload.claims() if workload.troubled else ():
            if view.named("PersistentVolumeClaim", workload.namespace, name):
                continue
            wanted = view.declared.get(("PersistentVolumeClaim", workload.namespace, name), {})
            asked = quantity(word(wanted, "spec", "resources", "requests", "storage"))
            for quota, resource, room in _storage_lines(view, workload.namespace):
                fits = room >= (asked or 1) if resource.endswith("storage") else room >= 1
                yield suppose(
                    "namespace_storage_quota_exceeded",
                    f"namespace/{workload.namespace}",
                    workload.namespace,
                    0.93 if not fits else (0.45 if asked else 0.62),
                    f"The claim {name} of {workload.name} could not be made: the quota has no room for {resource}.",
                    [
                        seen(
                            f"resourcequota/{word(quota, 'metadata', 'name')}", f"{resource}: room for {room:g}, {asked:g} wanted"
                        ),
                        seen(workload.path, f"mounts the claim {name}, which does not exist"),
                    ],
                    explains=[workload.app],
                )


def _storage_lines(view: View, namespace: str) -> Iterator[tuple[Table, str, float]]:
    for quota in view.kind("ResourceQuota"):
        if word(quota, "metadata", "namespace") != namespace:
            continue
        hard = labels(quota, "status", "hard") or labels(quota, "spec", "hard")
        for resource, most in hard.items():
            if STORAGE.search(resource) and "ephemeral" not in resource:
                yield quota, resource, quantity(most) - quantity(labels(quota, "status", "used").get(resource, "0"))


def other_refusals(view: View) -> Iterator[Hypothesis]:
    """Pod security, limit ranges and admission webhooks refuse a controller that is short of pods."""
    for workload in view.workloads:
        for event in refusals(view, workload)[:1]:
            for fault, pattern in _OTHERS:
                if pattern.search(event.message):
                    yield suppose(
                        fault,
                        workload.app,
                        workload.namespace,
                        0.9,
                        f"{workload.name} gets no pods: admission refuses them.",
                        [heard(event)],
                        explains=[workload.app],
                    )


RULES = (missing_account, quotas, full_quota, service_quota, storage_quota, other_refusals)
