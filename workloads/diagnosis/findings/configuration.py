"""ConfigMaps: empty ones that are mounted, very large ones. Unused ones are only told when nothing can read them unseen."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.diagnosis.findings.stating import INFO, LOW, fact
from workloads.diagnosis.view.cluster import View
from workloads.evidence import Fact
from workloads.unchecked import Table, labels, rows, table, word

LARGE = 1_000_000
# Made by Kubernetes and meshes in every namespace, or read by sidecars through the API by their label.
_AMBIENT = ("kube-root-ca.crt", "istio-ca-root-cert", "openshift-service-ca.crt")
_WATCHED = (
    "grafana_dashboard",
    "grafana_datasource",
    "prometheus_rule",
    "istio.io/config",
    "app.kubernetes.io/managed-by",
    "owner",
)


def findings(view: View) -> Iterator[Fact]:
    """Large ones, and ones that no pod refers to."""
    used = _used(view)
    for obj in view.kind("ConfigMap"):
        if not view.seen(obj):
            continue
        name = word(obj, "metadata", "name")
        size = sum(len(word(value)) for value in table(obj, "data").values())
        if size > LARGE:
            yield fact("configmap_large", LOW, obj, f"holds {size} characters; etcd takes at most 1 MiB")
        watched = (
            name in _AMBIENT
            or rows(obj, "metadata", "ownerReferences")
            or any(mark in labels(obj, "metadata", "labels") for mark in _WATCHED)
        )
        if (
            not watched
            and (word(obj, "metadata", "namespace"), name) not in used
            and not _reads_by_api(view, word(obj, "metadata", "namespace"))
        ):
            yield fact("configmap_unused", INFO, obj, "no pod of this namespace refers to it")


def _used(view: View) -> set[tuple[str, str]]:
    found = set()
    for each in view.workloads:
        names = {word(volume, "configMap", "name") for volume in rows(each.spec, "volumes")}
        names |= {
            word(source, "configMap", "name")
            for volume in rows(each.spec, "volumes")
            for source in rows(volume, "projected", "sources")
        }
        for container in (*rows(each.spec, "containers"), *rows(each.spec, "initContainers")):
            names |= {word(source, "configMapRef", "name") for source in rows(container, "envFrom")}
            names |= {word(variable, "valueFrom", "configMapKeyRef", "name") for variable in rows(container, "env")}
        found |= {(each.namespace, name) for name in names if name}
    return found


def _reads_by_api(view: View, namespace: str) -> bool:
    """Whether an account of the namespace may read ConfigMaps: then somebody may do so unseen."""
    roles = {
        word(each, "metadata", "name")
        for each in view.kind("Role")
        if word(each, "metadata", "namespace") == namespace and _configmaps(each)
    }
    return any(
        word(each, "roleRef", "name") in roles
        for each in view.kind("RoleBinding")
        if word(each, "metadata", "namespace") == namespace
    )


def _configmaps(role: Table) -> bool:
    return any("configmaps" in str(rule.get("resources")) or "'*'" in str(rule.get("resources")) for rule in rows(role, "rules"))
