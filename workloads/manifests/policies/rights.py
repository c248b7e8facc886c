"""Rights that are too many, after polaris and kube-linter."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.manifests.policies.rule import Json, Rule, Subject, listed, mapping, rule, words

ROLES, BINDINGS = frozenset({"Role", "ClusterRole"}), frozenset({"RoleBinding", "ClusterRoleBinding"})
MAKING = frozenset({"create", "*"})
READING = frozenset({"get", "list", "watch", "*"})


@rule(
    "kube-linter/cluster-admin-role-binding",
    "polaris/clusterrolebindingClusterAdmin",
    severity="critical",
    cure="Bind a role with what is needed.",
)
def no_cluster_admin(subject: Subject) -> Iterator[str]:
    """Nobody is made master of the cluster."""
    if subject.kind in BINDINGS and mapping(subject.item.get("roleRef")).get("name") == "cluster-admin":
        yield "it binds cluster-admin"


@rule("kube-linter/wildcard-in-rules", severity="high", cure="Name the verbs and the resources.")
def named_rights(subject: Subject) -> Iterator[str]:
    """Rights are named, not "all"."""
    for one in _rules(subject):
        for field in ("verbs", "resources"):
            if "*" in words(one.get(field)):
                yield f"it grants all {field}"


@rule("polaris/rolePodExecAttach", "polaris/clusterrolePodExecAttach", severity="high", cure="Leave pods/exec and pods/attach out.")
def no_exec(subject: Subject) -> Iterator[str]:
    """Nobody may run programs in pods."""
    for one in _rules(subject):
        found = {"pods/exec", "pods/attach"} & words(one.get("resources"))
        if found and MAKING & words(one.get("verbs")):
            yield f"it grants {', '.join(sorted(found))}"


@rule("kube-linter/access-to-secrets", severity="medium", cure="Name the Secrets that may be read.")
def no_secrets(subject: Subject) -> Iterator[str]:
    """Secrets are read by whom they are for."""
    for one in _rules(subject):
        if "secrets" in words(one.get("resources")) and READING & words(one.get("verbs")) and not one.get("resourceNames"):
            yield "it grants reading every Secret"


@rule(
    "kube-linter/access-to-create-pods",
    severity="medium",
    cure="Leave it out: whoever makes pods has every right of the namespace's accounts.",
)
def no_pods(subject: Subject) -> Iterator[str]:
    """Pods are made by workloads."""
    for one in _rules(subject):
        if "pods" in words(one.get("resources")) and MAKING & words(one.get("verbs")):
            yield "it grants making pods"


def _rules(subject: Subject) -> Iterator[Json]:
    if subject.kind in ROLES:
        yield from map(mapping, listed(subject.item.get("rules")))


RULES: tuple[Rule, ...] = (no_cluster_admin, named_rights, no_exec, no_secrets, no_pods)
