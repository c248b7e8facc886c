"""What a workload, and what stands around it, should be like, after polaris and kube-linter."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.manifests.policies.containers import PRIVATE_KEY, SENSITIVE
from workloads.manifests.policies.rule import RUNS_ONCE, Rule, Subject, listed, mapping, number, rule, selects, words

REPLICATED = frozenset({"Deployment", "StatefulSet"})


@rule("polaris/deploymentMissingReplicas", severity="low", cure="Run at least two, or say why it must be one.")
def several_replicas(subject: Subject) -> Iterator[str]:
    """One may leave without anybody noticing; an autoscaler decides for itself."""
    if subject.kind == "Deployment" and not _scaled(subject) and number(subject.spec.get("replicas", 1)) == 1:
        yield "it has one replica"


@rule("polaris/topologySpreadConstraint", "kube-linter/no-anti-affinity", severity="low", cure="Give topologySpreadConstraints.")
def spread(subject: Subject) -> Iterator[str]:
    """Replicas do not all stand on one node."""
    apart = mapping(mapping(subject.pod.get("affinity")).get("podAntiAffinity"))
    if subject.kind in REPLICATED and not subject.pod.get("topologySpreadConstraints") and not apart:
        yield "its pods may all be on one node"


@rule("polaris/missingPodDisruptionBudget", severity="low", cure="Give it a PodDisruptionBudget.")
def disruption_budget(subject: Subject) -> Iterator[str]:
    """A node that is emptied does not take all replicas at once."""
    several = number(subject.spec.get("replicas", 1)) > 1 or _scaled(subject)
    budgets = [mapping(other.get("spec")).get("selector") for other in subject.beside("PodDisruptionBudget")]
    found = any(selects(mapping(selector).get("matchLabels"), subject.labels) for selector in budgets if selector)
    if subject.kind == "Deployment" and several and not found:
        yield "a node that is emptied may take all its pods at once"


@rule(
    "polaris/pdbDisruptionsIsZero", "kube-linter/pdb-max-unavailable", "kube-linter/pdb-min-available",
    severity="medium", cure="maxUnavailable: 1.",
)  # fmt: skip
def budget_allows(subject: Subject) -> Iterator[str]:
    """A node can be emptied at all."""
    least, most = subject.spec.get("minAvailable"), subject.spec.get("maxUnavailable")
    if subject.kind == "PodDisruptionBudget" and (most in (0, "0", "0%") or least == "100%"):
        yield "it allows no eviction ever"


@rule("kube-linter/pdb-unhealthy-pod-eviction-policy", severity="low", cure="unhealthyPodEvictionPolicy: AlwaysAllow.")
def unhealthy_may_go(subject: Subject) -> Iterator[str]:
    """Pods that are not ready do not keep a node from being emptied."""
    if subject.kind == "PodDisruptionBudget" and not subject.spec.get("unhealthyPodEvictionPolicy"):
        yield "pods that are not ready keep a node from being emptied"


@rule("polaris/hpaMinAvailability", severity="low", cure="minReplicas: 2.")
def scaled_from_two(subject: Subject) -> Iterator[str]:
    """Scaling down leaves two."""
    if subject.kind == "HorizontalPodAutoscaler" and number(subject.spec.get("minReplicas", 1)) < 2:
        yield "it may leave one replica"


@rule("polaris/hpaMaxAvailability", severity="low", cure="maxReplicas above minReplicas.")
def scaled_at_all(subject: Subject) -> Iterator[str]:
    """An autoscaler has room."""
    least, most = subject.spec.get("minReplicas", 1), subject.spec.get("maxReplicas", 0)
    if subject.kind == "HorizontalPodAutoscaler" and number(most) <= number(least):
        yield f"it scales from {least} to {most}"


@rule("polaris/automountServiceAccountToken", severity="medium", cure="automountServiceAccountToken: false.")
def no_token(subject: Subject) -> Iterator[str]:
    """Pods have no key to the API server, unless a Role says what for."""
    if not subject.pod or subject.pod.get("automountServiceAccountToken") is False:
        return
    name = subject.pod.get("serviceAccountName", "default")
    accounts = [other for other in subject.beside("ServiceAccount") if mapping(other.get("metadata")).get("name") == name]
    if (
        any(other.get("automountServiceAccountToken") is False for other in accounts)
        and "automountServiceAccountToken" not in subject.pod
    ):
        return
    if not _has_rights(subject, str(name)):
        yield "its pods have a token for the API server, and no Role that would need it"


@rule(
    "polaris/missingNetworkPolicy", "kube-linter/non-isolated-pod", severity="medium", cure="Deny by default, allow what is needed."
)
def isolated(subject: Subject) -> Iterator[str]:
    """Some NetworkPolicy says who may speak to its pods, and whom they may speak to."""
    if not subject.pod:
        return
    kinds: set[str] = set()
    for other in subject.beside("NetworkPolicy"):
        spec = mapping(other.get("spec"))
        if selects(mapping(spec.get("podSelector")).get("matchLabels"), subject.labels):
            kinds |= words(spec.get("policyTypes")) or {"Ingress"}
    for kind in sorted({"Egress", "Ingress"} - kinds):
        yield f"no NetworkPolicy limits {kind.lower()} of its pods"


@rule("polaris/tlsSettingsMissing", severity="medium", cure="Give the Ingress a certificate.")
def encrypted(subject: Subject) -> Iterator[str]:
    """What comes in from outside is encrypted."""
    if subject.kind == "Ingress" and not subject.spec.get("tls"):
        yield "it has no TLS"


@rule("polaris/sensitiveConfigmapContent", severity="high", cure="Keep it in a Secret.")
def no_secret_in_config(subject: Subject) -> Iterator[str]:
    """No secret stands in a ConfigMap."""
    if subject.kind == "ConfigMap":
        for name, value in sorted(mapping(subject.item.get("data")).items()):
            if SENSITIVE.match(str(name)) or PRIVATE_KEY.search(str(value)):
                yield f"{name} looks like a secret"


@rule("kube-linter/job-ttl-seconds-after-finished", severity="low", cure="ttlSecondsAfterFinished: 86400.")
def jobs_go(subject: Subject) -> Iterator[str]:
    """What ran once does not stay for ever."""
    if subject.kind == "Job" and not _owned(subject) and subject.spec.get("ttlSecondsAfterFinished") is None and not _hook(subject):
        yield "it stays for ever once it is over"


@rule("kube-linter/no-extensions-v1beta", severity="high", cure="Use the API that took its place.")
def living_api(subject: Subject) -> Iterator[str]:
    """The API is still served."""
    if str(subject.item.get("apiVersion", "")).startswith("extensions/"):
        yield "extensions/v1beta1 is served no more"


@rule("kube-linter/use-namespace", severity="low", cure="Name the namespace it belongs to.")
def not_in_default(subject: Subject) -> Iterator[str]:
    """Nothing runs in the namespace that nobody chose."""
    if subject.pod and subject.namespace in {"", "default"} and subject.kind not in RUNS_ONCE:
        yield "it is in no namespace of its own"


@rule("kube-linter/deprecated-service-account-field", severity="low", cure="Use serviceAccountName.")
def account_by_name(subject: Subject) -> Iterator[str]:
    """The account is named by the field that counts."""
    if subject.pod.get("serviceAccount") and subject.pod.get("serviceAccount") != subject.pod.get("serviceAccountName"):
        yield "serviceAccount is deprecated"


def _scaled(subject: Subject) -> bool:
    """Whether an autoscaler beside it decides how many there are."""
    for kind in ("HorizontalPodAutoscaler", "ScaledObject"):
        for other in subject.beside(kind):
            if mapping(mapping(other.get("spec")).get("scaleTargetRef")).get("name") == subject.name:
                return True
    return False


def _has_rights(subject: Subject, account: str) -> bool:
    bindings = [*subject.beside("RoleBinding"), *(other for other in subject.others if other.get("kind") == "ClusterRoleBinding")]
    return any(
        mapping(one).get("kind") == "ServiceAccount" and mapping(one).get("name") == account
        for other in bindings
        for one in listed(other.get("subjects"))
    )


def _owned(subject: Subject) -> bool:
    return bool(mapping(subject.item.get("metadata")).get("ownerReferences"))


def _hook(subject: Subject) -> bool:
    """Whether Helm or Argo CD deletes it."""
    return bool({"helm.sh/hook", "argocd.argoproj.io/hook"} & set(subject.annotations))


RULES: tuple[Rule, ...] = (
    several_replicas, spread, disruption_budget, budget_allows, unhealthy_may_go, scaled_from_two, scaled_at_all, no_token,
    isolated, encrypted, no_secret_in_config, jobs_go, living_api, not_in_default, account_by_name,
)  # fmt: skip
