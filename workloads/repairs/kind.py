"""What a kind of repair is: its label and risk, the shape of its parameters, and the functions that are its effect."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from controlplane.core.errors import Invalid
from workloads.repairs.values import Held, Json, Ref, Repair
from workloads.repairs.world import World

P = TypeVar("P")
STRICT = ConfigDict(extra="forbid", strict=True)


class Risk(StrEnum):
    """How much may go wrong: `low` touches no running pod, `medium` replaces pods, `high` widens rights or takes something away."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Right:
    """A verb on a resource ("deployments.apps") in a namespace; `namespace` is empty for what belongs to none."""

    verb: str
    resource: str
    namespace: str = ""


@dataclass(frozen=True)
class Kind(Generic[P]):
    """A kind of repair. `on`: kinds of objects it writes; `verbs`: what that takes; `recreates`: it deletes and creates anew."""

    name: str
    label: str
    risk: Risk
    shape: type[P]
    on: tuple[str, ...]
    # The whole object afterwards. The live one is there unless `creates`; None: it is to be deleted.
    change: Callable[[Ref, P, Json], Json | None]
    # Whether what the fault broke holds, from the objects of the namespace and the nodes.
    invariant: Callable[[Repair, P, World], Held]
    # Kinds of objects that the invariant looks at, beside the one that is written.
    looks_at: tuple[str, ...] = ()
    # What takes it back: given the repair, its parameters, and the object as it was before. None: nothing can.
    undo: Callable[[Repair, P, Json], Repair | None] | None = None
    # What must follow for it to have its effect: pods that read a ConfigMap only when they start.
    after: Callable[[Repair, P], tuple[Repair, ...]] | None = None
    verbs: tuple[str, ...] = ("get", "patch")
    reversible: bool = True
    creates: bool = False
    recreates: bool = False

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        """(verb, resource) for each kind of object it may write."""
        return tuple((verb, RESOURCES.get(kind, kind.lower())) for kind in self.on for verb in self.verbs)

    @cached_property
    def _adapter(self) -> TypeAdapter[P]:
        return TypeAdapter(self.shape)

    def parameters(self, told: Mapping[str, Any]) -> P:
        """The parameters, typed. Raises Invalid for what is missing, unknown or of the wrong kind."""
        try:
            return self._adapter.validate_json(json.dumps(dict(told), allow_nan=False))
        except (TypeError, ValueError) as error:
            if not isinstance(error, ValidationError):
                raise Invalid(f"The parameters of repair {self.name} are not plain values.") from error
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise Invalid(f"Repair {self.name}, parameter {place or '(all)'}: {first['msg']}.") from error

    def writes(self, kind: str) -> bool:
        """Whether it may write objects of that kind; `on` is empty for those that may write any."""
        return not self.on or kind in self.on


RESOURCES: Mapping[str, str] = {
    "Deployment": "deployments.apps",
    "StatefulSet": "statefulsets.apps",
    "DaemonSet": "daemonsets.apps",
    "ReplicaSet": "replicasets.apps",
    "Job": "jobs.batch",
    "CronJob": "cronjobs.batch",
    "Pod": "pods",
    "Service": "services",
    "ConfigMap": "configmaps",
    "Secret": "secrets",
    "ServiceAccount": "serviceaccounts",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "PersistentVolume": "persistentvolumes",
    "ResourceQuota": "resourcequotas",
    "LimitRange": "limitranges",
    "Node": "nodes",
    "Namespace": "namespaces",
    "Role": "roles.rbac.authorization.k8s.io",
    "RoleBinding": "rolebindings.rbac.authorization.k8s.io",
    "Ingress": "ingresses.networking.k8s.io",
    "NetworkPolicy": "networkpolicies.networking.k8s.io",
    "HTTPRoute": "httproutes.gateway.networking.k8s.io",
    "GRPCRoute": "grpcroutes.gateway.networking.k8s.io",
    "VirtualService": "virtualservices.networking.istio.io",
    "HorizontalPodAutoscaler": "horizontalpodautoscalers.autoscaling",
    "PodDisruptionBudget": "poddisruptionbudgets.policy",
}
CLUSTER_WIDE = frozenset({"Node", "PersistentVolume", "Namespace", "StorageClass", "ClusterRole", "ClusterRoleBinding"})
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
ROUTES = ("Ingress", "HTTPRoute", "GRPCRoute", "VirtualService")


def rights(kind: Kind[Any], repair: Repair) -> Sequence[Right]:
    """What this one repair takes, in its place."""
    resource = RESOURCES.get(repair.ref.kind, f"{repair.ref.kind.lower()}s")
    return tuple(Right(verb, resource, repair.ref.namespace) for verb in kind.verbs)
