"""The rights Timonel needs in a cluster: one table; from it what is checked, what is said, and manifests that grant it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

Identity = Literal["read", "write"]
REPAIRS = "repairs"  # a set of rights of its own, granted only where it is asked for
LOOK = ("get", "list", "watch")
MAKE = ("get", "list", "watch", "create", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Need:
    """Verbs on one resource. `needed`: nothing works without it; `why`: what does not. `everywhere`: of no namespace."""

    identity: Identity
    group: str
    resource: str  # "pods", "pods/log"
    verbs: tuple[str, ...]
    why: str
    needed: bool = True
    everywhere: bool = False
    of: str = ""  # the set it belongs to; empty: granted by default

    @property
    def plural(self) -> str:
        """The resource without its part."""
        return self.resource.partition("/")[0]

    @property
    def part(self) -> str:
        """ "log" of "pods/log"."""
        return self.resource.partition("/")[2]

    @property
    def named(self) -> str:
        """As kubectl names it: "deployments.apps"."""
        return f"{self.plural}.{self.group}" + (f"/{self.part}" if self.part else "") if self.group else self.resource


@dataclass(frozen=True, slots=True)
class Right:
    """One need in one place ("" for all namespaces): which of its verbs are there."""

    need: Need
    namespace: str
    granted: tuple[str, ...]
    installed: bool = True  # whether the cluster has the kind at all

    @property
    def missing(self) -> tuple[str, ...]:
        """The verbs that are not granted, of a kind that is there."""
        return tuple(verb for verb in self.need.verbs if verb not in self.granted) if self.installed else ()

    @property
    def state(self) -> str:
        """granted, missing, reduced (an optional one is missing) or not_installed."""
        if not self.installed:
            return "not_installed"
        if not self.missing:
            return "granted"
        return "missing" if self.need.needed else "reduced"

    @property
    def said(self) -> str:
        """In words."""
        where = f"in {self.namespace}" if self.namespace else "in the whole cluster"
        if not self.missing:
            return f"may {', '.join(self.need.verbs)} {self.need.named} {where}"
        return f"may not {', '.join(self.missing)} {self.need.named} {where}: {self.need.why}"


def _needs(identity: Identity, verbs: tuple[str, ...], why: str, *resources: str, needed: bool = True) -> tuple[Need, ...]:
    """One line for each resource, written "group/resource" ("/pods/log" of the core)."""
    made = []
    for told in resources:
        group, _, resource = told.partition("/")
        made.append(Need(identity, group, resource, verbs, why, needed))
    return tuple(made)


NEEDS: tuple[Need, ...] = (
    *_needs(
        "read",
        LOOK,
        "what runs there is not seen",
        *("/pods", "/services", "/endpoints", "/configmaps", "/events", "/persistentvolumeclaims", "/serviceaccounts"),
        *("apps/deployments", "apps/replicasets", "apps/statefulsets", "apps/daemonsets", "batch/jobs", "batch/cronjobs"),
    ),
    *_needs("read", ("get",), "no log can be read", "/pods/log"),
    *_needs(
        "read",
        LOOK,
        "what limits and reaches it is not seen",
        *("/resourcequotas", "/limitranges", "discovery.k8s.io/endpointslices", "networking.k8s.io/ingresses"),
        *("networking.k8s.io/networkpolicies", "autoscaling/horizontalpodautoscalers", "policy/poddisruptionbudgets"),
    ),
    *_needs("read", ("get",), "services are not probed from outside", "/services/proxy", needed=False),
    *_needs("read", ("list",), "a Secret that is missing is not told (values are never asked for)", "/secrets", needed=False),
    *_needs("read", ("get", "list"), "what pods use now is not shown", "metrics.k8s.io/pods", needed=False),
    *_needs(
        "read",
        LOOK,
        "it is left out of pictures and snapshots",
        *("rbac.authorization.k8s.io/roles", "rbac.authorization.k8s.io/rolebindings", "gateway.networking.k8s.io/gateways"),
        *("gateway.networking.k8s.io/httproutes", "monitoring.coreos.com/servicemonitors", "monitoring.coreos.com/prometheusrules"),
        *("external-secrets.io/externalsecrets", "keda.sh/scaledobjects", "argoproj.io/applications"),
        needed=False,
    ),
    *_needs("read", ("list",), "whether nodes and schedulers still report is not told", "coordination.k8s.io/leases", needed=False),
    Need("read", "", "nodes", LOOK, "faults of nodes are not told", needed=False, everywhere=True),
    Need("read", "", "namespaces", LOOK, "whether a namespace is there is not told", needed=False, everywhere=True),
    Need("read", "", "persistentvolumes", LOOK, "why a claim does not bind is not told", needed=False, everywhere=True),
    Need("read", "storage.k8s.io", "storageclasses", LOOK, "why a claim does not bind is not told", needed=False, everywhere=True),
    Need("read", "networking.k8s.io", "ingressclasses", LOOK, "routes are not judged", needed=False, everywhere=True),
    Need("read", "metrics.k8s.io", "nodes", ("get", "list"), "what nodes use is not shown", needed=False, everywhere=True),
    *_needs(
        "write",
        MAKE,
        "nothing can be rolled out",
        *("apps/deployments", "/services", "/configmaps", "/secrets", "/serviceaccounts", "batch/jobs"),
    ),
    *_needs(
        "write",
        MAKE,
        "a release that needs it cannot be rolled out",
        *("networking.k8s.io/ingresses", "networking.k8s.io/networkpolicies", "policy/poddisruptionbudgets"),
        "autoscaling/horizontalpodautoscalers",
    ),
    *_needs(
        "write", LOOK, "a roll-out cannot be watched", "/pods", "apps/replicasets", "/events", "discovery.k8s.io/endpointslices"
    ),
    *_needs("write", ("get",), "the logs of migrations cannot be read", "/pods/log"),
    *_needs("write", ("get",), "a release cannot be probed before it gets traffic", "/services/proxy", needed=False),
    *_needs("write", ("delete",), "a pod cannot be restarted", "/pods", needed=False),
    *_needs("write", ("get", "patch"), "replicas cannot be set", "apps/deployments/scale", needed=False),
    *_needs(
        "write",
        MAKE,
        "manifests with it cannot be applied",
        *("rbac.authorization.k8s.io/roles", "rbac.authorization.k8s.io/rolebindings", "gateway.networking.k8s.io/httproutes"),
        *("monitoring.coreos.com/servicemonitors", "monitoring.coreos.com/prometheusrules"),
        *("external-secrets.io/externalsecrets", "keda.sh/scaledobjects"),
        needed=False,
    ),
    *_needs("write", ("get", "patch"), "Argo CD is not asked to look at once", "argoproj.io/applications", needed=False),
    Need("write", "", "namespaces", ("get", "create", "patch"), "namespaces must be made by hand", needed=False, everywhere=True),
)


def _of_repairs(verbs: tuple[str, ...], *resources: str, everywhere: bool = False) -> tuple[Need, ...]:
    made = _needs("write", verbs, "it cannot be repaired", *resources, needed=False)
    return tuple(replace(need, everywhere=everywhere, of=REPAIRS) for need in made)


# What repairs write beyond what roll-outs do: other workloads, claims, quotas, nodes and volumes.
SETS: Mapping[str, tuple[Need, ...]] = {
    REPAIRS: (
        *_of_repairs(("get", "create", "patch", "delete"), "/persistentvolumeclaims", "batch/cronjobs"),
        *_of_repairs(("get", "create", "patch", "delete"), "apps/statefulsets", "apps/daemonsets"),
        *_of_repairs(("get", "patch"), "/resourcequotas", "apps/replicasets"),
        *_of_repairs(("get", "patch"), "gateway.networking.k8s.io/grpcroutes", "networking.istio.io/virtualservices"),
        *_of_repairs(("get", "patch"), "/nodes", "/persistentvolumes", everywhere=True),
    )
}


def needs(identity: Identity | None = None, also: Collection[str] = ()) -> list[Need]:
    """The table, or one identity's part of it; `also`: sets beside what is granted by default."""
    table = (*NEEDS, *(need for name in also for need in SETS.get(name, ())))
    return [need for need in table if identity in {None, need.identity}]


def manifests(
    identity: Identity,
    namespaces: Sequence[str] = (),
    *,
    home: str = "timonel",
    account: str = "",
    optional: bool = True,
    also: Collection[str] = (),
) -> list[dict[str, Any]]:
    """The objects that grant one identity what it needs and no more: a service account in the namespace `home`, and a Role in each
    namespace (none named: one ClusterRole for all). What belongs to no namespace is a ClusterRole of its own. `also` names sets."""
    account = account or f"timonel-{'reader' if identity == 'read' else 'writer'}"
    wanted = [need for need in needs(identity, also) if need.needed or optional]
    inside, outside = [need for need in wanted if not need.everywhere], [need for need in wanted if need.everywhere]
    made: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": home}},
        _named("v1", "ServiceAccount", account, home),
        {
            **_named("v1", "Secret", f"{account}-token", home, {"kubernetes.io/service-account.name": account}),
            "type": "kubernetes.io/service-account-token",
        },
    ]
    if not namespaces:
        made += _granted(account, home, account, "", wanted)
        return made
    made += _granted(account, home, f"{account}-cluster", "", outside) if outside else []
    for namespace in namespaces:
        made += _granted(account, home, account, namespace, inside)
    return made


def summary(rights: Iterable[Right]) -> list[str]:
    """What is missing, in sentences: what is needed first, then what is reduced."""
    held = [right for right in rights if right.missing]
    held.sort(key=lambda right: right.state != "missing")
    return [f"The identity to {right.need.identity} {right.said}." for right in held]


def as_row(right: Right) -> dict[str, Any]:
    """As it is stored with the cluster."""
    need = right.need
    return {
        "identity": need.identity,
        "namespace": right.namespace,
        "group": need.group,
        "resource": need.resource,
        "named": need.named,
        "verbs": list(need.verbs),
        "granted": list(right.granted),
        "missing": list(right.missing),
        "needed": need.needed,
        "state": right.state,
        "why": need.why,
    }


def _granted(account: str, home: str, name: str, namespace: str, wanted: list[Need]) -> list[dict[str, Any]]:
    api, kind = "rbac.authorization.k8s.io/v1", "Role" if namespace else "ClusterRole"
    subject = {"kind": "ServiceAccount", "name": account, "namespace": home}
    role = {**_named(api, kind, name, namespace), "rules": _rules(wanted)}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
    return [role, {**_named(api, f"{kind}Binding", name, namespace), "subjects": [subject], "roleRef": reference}]


def _rules(wanted: list[Need]) -> list[dict[str, Any]]:
    """As few rules as say it: resources of one group with the same verbs together."""
    together: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for need in wanted:
        together.setdefault((need.group, need.verbs), []).append(need.resource)
    return [
        {"apiGroups": [group], "resources": sorted(set(resources)), "verbs": list(verbs)}
        for (group, verbs), resources in together.items()
    ]


def _named(api: str, kind: str, name: str, namespace: str = "", notes: dict[str, str] | None = None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, **({"namespace": namespace} if namespace else {})}
    metadata["labels"] = {"app.kubernetes.io/part-of": "timonel"}
    return {"apiVersion": api, "kind": kind, "metadata": metadata | ({"annotations": notes} if notes else {})}
