"""Clusters, for whoever administers everything."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.door import Endpoint, listed, operation, page_of
from controlplane.api.filters import PageQuery
from controlplane.api.idempotency import once
from workloads import clusters
from workloads.models import Cluster


class RightSerializer(serializers.Serializer[Any]):
    """One right Timonel needs, in one place; an empty namespace is the whole cluster."""

    identity = serializers.ChoiceField(choices=["read", "write"])
    namespace = serializers.CharField()
    group = serializers.CharField()
    resource = serializers.CharField()
    verbs = serializers.ListField(child=serializers.CharField())
    granted = serializers.ListField(child=serializers.CharField())
    missing = serializers.ListField(child=serializers.CharField())
    needed = serializers.BooleanField()
    state = serializers.ChoiceField(choices=["granted", "missing", "reduced", "not_installed"])
    why = serializers.CharField()


class ClusterSerializer(serializers.Serializer[Any]):
    """A cluster and what was found out about it; credentials are never shown."""

    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Cluster.Kind.choices)
    server = serializers.CharField()
    version = serializers.CharField()
    trouble = serializers.CharField()
    checked_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    rights = RightSerializer(many=True)


class Clusters(Endpoint):
    """All of them."""

    @operation("List clusters", page_of(ClusterSerializer), errors=(403,), query=PageQuery)
    def get(self, request: Request) -> Response:
        """With the rights as they were at the last look."""
        return listed(self, clusters.visible(self.actor), ClusterSerializer)


class OneCluster(Endpoint):
    """One of them."""

    @operation("Show a cluster", ClusterSerializer, errors=(403, 404))
    def get(self, request: Request, cluster: str) -> Response:
        """With the rights as they were at the last look."""
        return Response(ClusterSerializer(clusters.named(self.actor, cluster)).data)


class Check(Endpoint):
    """Its connection, tested."""

    @operation("Test the connection to a cluster", ClusterSerializer, errors=(403, 404, 502, 504), key="optional")
    def post(self, request: Request, cluster: str) -> Response:
        """Asks the cluster for its version and for each right, which takes a second or two."""
        return once(request, lambda _: self._check(cluster), required=False)

    def _check(self, cluster: str) -> Response:
        return Response(ClusterSerializer(clusters.check(self.actor, clusters.named(self.actor, cluster))).data)
