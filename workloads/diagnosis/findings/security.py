"""Security: accounts and bindings that give too much, pods that may do what they should not."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.diagnosis.findings.stating import HIGH, LOW, MEDIUM, fact
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.workloads import Workload
from workloads.evidence import Fact
from workloads.unchecked import Table, dig, rows, table, word, words


def findings(view: View) -> Iterator[Fact]:
    """Bindings of the namespaces that are looked at, and pod templates."""
    for obj in (*view.kind("RoleBinding"), *view.kind("ClusterRoleBinding")):
        yield from _binding(view, obj)
    for workload in view.workloads:
        if workload.kind != "Pod" and workload.template:
            yield from _pod(workload)


def _binding(view: View, obj: Table) -> Iterator[Fact]:
    for subject in rows(obj, "subjects"):
        namespace, name = word(subject, "namespace") or word(obj, "metadata", "namespace"), word(subject, "name")
        if word(subject, "kind") != "ServiceAccount" or namespace not in view.namespaces:
            continue
        if view.kind("ServiceAccount") and not view.named("ServiceAccount", namespace, name):
            yield fact(
                "binding_account_missing", LOW, obj, f"gives rights to the ServiceAccount {namespace}/{name}, which does not exist"
            )
        if word(obj, "roleRef", "name") == "cluster-admin":
            yield fact(
                "account_is_cluster_admin", HIGH, obj, f"the ServiceAccount {namespace}/{name} may do everything in the cluster"
            )
        elif _everything(view, obj):
            yield fact(
                "role_without_limits",
                MEDIUM,
                obj,
                f"the ServiceAccount {namespace}/{name} has a role with '*' for verbs and resources",
            )


def _everything(view: View, obj: Table) -> bool:
    kind = word(obj, "roleRef", "kind")
    role = view.named(kind, word(obj, "metadata", "namespace") if kind == "Role" else "", word(obj, "roleRef", "name"))
    return any("*" in words(rule, "verbs") and "*" in words(rule, "resources") for rule in rows(role, "rules"))


def _pod(workload: Workload) -> Iterator[Fact]:
    host = [key for key in ("hostNetwork", "hostPID", "hostIPC") if dig(workload.spec, key) is True]
    if host and workload.kind != "DaemonSet":
        yield fact("pod_shares_node", MEDIUM, workload.obj, f"its pods share with their node: {', '.join(host)}")
    root = dig(workload.spec, "securityContext", "runAsNonRoot") is True
    for each in workload.containers:
        context = table(each.spec, "securityContext")
        if context.get("privileged") is True:
            yield fact(
                "container_privileged",
                HIGH,
                workload.obj,
                f"{each.name} is privileged",
                "Drop it, or give the one capability it needs.",
            )
        if context.get("runAsUser") == 0 and not root:
            yield fact("container_runs_as_root", MEDIUM, workload.obj, f"{each.name} is told to run as root")
