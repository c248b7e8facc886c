"""Clusters of the scene: one that answers and lacks a right, one that does not answer, one that was never asked."""

from __future__ import annotations

from django.utils import timezone

from workloads import cluster_rights
from workloads.cluster_rights import NEEDS, Right
from workloads.models import Cluster, Environment, Target


def clusters(environment: Environment) -> None:
    """As the last look left them."""
    rights = [Right(need, "", need.verbs, installed=not need.group.endswith(".sh")) for need in NEEDS]
    lacking = [
        Right(right.need, "shop", right.granted[:1]) if right.need.plural in {"secrets", "jobs"} else right for right in rights
    ]
    rows = [cluster_rights.as_row(right) for right in lacking]
    now, server = timezone.now(), "https://k8s.example.org:6443"
    eu = Cluster.objects.create(name="europe", server=server, version="v1.35.4", rights=rows, checked_at=now)
    Cluster.objects.create(name="old", server=server, trouble="The cluster cannot be reached: connection refused.", checked_at=now)
    Cluster.objects.create(name="new", kind=Cluster.Kind.EKS, aws_region="eu-west-1", aws_cluster="shop")
    Target.objects.create(environment=environment, cluster=eu, namespace="shop")
