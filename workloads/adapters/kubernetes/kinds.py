"""The kinds of objects we read and write, and where the API keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object: "apps/v1", "Deployment", "deployments"."""

    api: str
    name: str
    plural: str
    namespaced: bool = True

    @property
    def group(self) -> str:
        """The API group; empty for the core."""
        return self.api.rpartition("/")[0]

    def path(self, namespace: str = "", name: str = "") -> str:
        """Where the API keeps one object, or all of a namespace, or all."""
        parts = ["api" if "/" not in self.api else "apis", self.api]
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        return "/" + "/".join([*parts, self.plural, *([name] if name else [])])


def _known(*lines: str) -> dict[tuple[str, str], Kind]:
    found = {}
    for line in lines:
        api, name, plural, *cluster = line.split()
        found[api, name] = Kind(api, name, plural, namespaced=not cluster)
    return found


KNOWN = _known(
    "v1 Namespace namespaces cluster",
    "v1 Node nodes cluster",
    "v1 PersistentVolume persistentvolumes cluster",
    "v1 Pod pods",
    "v1 Service services",
    "v1 Endpoints endpoints",
    "v1 ConfigMap configmaps",
    "v1 Secret secrets",
    "v1 ServiceAccount serviceaccounts",
    "v1 PersistentVolumeClaim persistentvolumeclaims",
    "v1 ResourceQuota resourcequotas",
    "v1 LimitRange limitranges",
    "v1 Event events",
    "apps/v1 Deployment deployments",
    "apps/v1 ReplicaSet replicasets",
    "apps/v1 StatefulSet statefulsets",
    "apps/v1 DaemonSet daemonsets",
    "batch/v1 Job jobs",
    "batch/v1 CronJob cronjobs",
    "discovery.k8s.io/v1 EndpointSlice endpointslices",
    "networking.k8s.io/v1 Ingress ingresses",
    "networking.k8s.io/v1 IngressClass ingressclasses cluster",
    "networking.k8s.io/v1 NetworkPolicy networkpolicies",
    "autoscaling/v2 HorizontalPodAutoscaler horizontalpodautoscalers",
    "policy/v1 PodDisruptionBudget poddisruptionbudgets",
    "rbac.authorization.k8s.io/v1 Role roles",
    "rbac.authorization.k8s.io/v1 RoleBinding rolebindings",
    "rbac.authorization.k8s.io/v1 ClusterRole clusterroles cluster",
    "rbac.authorization.k8s.io/v1 ClusterRoleBinding clusterrolebindings cluster",
    "storage.k8s.io/v1 StorageClass storageclasses cluster",
    "coordination.k8s.io/v1 Lease leases",
    "gateway.networking.k8s.io/v1 Gateway gateways",
    "gateway.networking.k8s.io/v1 HTTPRoute httproutes",
    "gateway.networking.k8s.io/v1 GRPCRoute grpcroutes",
    "networking.istio.io/v1 VirtualService virtualservices",
    "monitoring.coreos.com/v1 ServiceMonitor servicemonitors",
    "monitoring.coreos.com/v1 PrometheusRule prometheusrules",
    "external-secrets.io/v1 ExternalSecret externalsecrets",
    "keda.sh/v1alpha1 ScaledObject scaledobjects",
    "argoproj.io/v1alpha1 Application applications",
    "kustomize.toolkit.fluxcd.io/v1 Kustomization kustomizations",
    "source.toolkit.fluxcd.io/v1 GitRepository gitrepositories",
)
BY_NAME = {kind.name: kind for kind in KNOWN.values()}


def kind_of(item: Mapping[str, Any]) -> Kind:
    """The kind of an object; raises KeyError for one we know nothing of."""
    return KNOWN[str(item.get("apiVersion", "")), str(item.get("kind", ""))]


def kind_named(name: str) -> Kind:
    """The kind called "Deployment"; raises KeyError for one we know nothing of."""
    return BY_NAME[name]
