"""The alerts of an incident, incidents that people open, and what policy repairs without a person."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.door import Endpoint, listed, operation, page_of
from controlplane.api.filters import PageQuery
from controlplane.core.errors import NotFound
from workloads import queries, unattended
from workloads.models import Alert, Environment


class AlertSerializer(serializers.Serializer[Any]):
    """One alert of an incident, through everything that was told of it; `ended_at` is null while it fires."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    source = serializers.CharField(source="source.name", allow_null=True, default=None)  # type: ignore[assignment]
    fingerprint = serializers.CharField()
    severity = serializers.CharField()
    summary = serializers.CharField()
    labels = serializers.DictField(child=serializers.CharField())  # type: ignore[assignment]
    url = serializers.CharField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    fired = serializers.IntegerField()
    told = serializers.IntegerField()
    first_told_at = serializers.DateTimeField()
    last_told_at = serializers.DateTimeField()


class AlertsQuery(PageQuery):
    """Which alerts."""

    firing = serializers.BooleanField(required=False, help_text="Those that fire, or those that are over.")


class RemedyUseSerializer(serializers.Serializer[Any]):
    """A repair that policy let through."""

    kind = serializers.CharField()
    object = serializers.CharField()
    cause = serializers.CharField()
    said = serializers.CharField()
    used_at = serializers.DateTimeField()


class RemedyPolicySerializer(serializers.Serializer[Any]):
    """Which kinds of repairs are applied without a person in an environment; `stopped_at`: the stop button was pressed."""

    kinds = serializers.ListField(child=serializers.CharField())
    most_an_hour = serializers.IntegerField()
    in_production = serializers.BooleanField()
    stopped_at = serializers.DateTimeField(allow_null=True)
    stopped_by = serializers.CharField()
    stopped_because = serializers.CharField()
    within_the_hour = RemedyUseSerializer(many=True)


class Alerts(Endpoint):
    """Those of one incident."""

    @operation("List alerts of an incident", page_of(AlertSerializer), errors=(404,), query=AlertsQuery)
    def get(self, request: Request, number: int) -> Response:
        """Newest first."""
        if not queries.incidents_for(self.actor).filter(pk=number).exists():
            raise NotFound(f"There is no incident {number}, or you may not see it.")
        rows = Alert.objects.filter(incident=number).select_related("source")
        if "firing" in self.given:
            rows = rows.filter(ended_at__isnull=self.given["firing"])
        return listed(self, rows, AlertSerializer)


class Remedies(Endpoint):
    """What policy repairs without a person."""

    @operation("Show what is repaired without a person in an environment", RemedyPolicySerializer, errors=(404,))
    def get(self, request: Request, number: int) -> Response:
        """Of an environment without a policy: nothing is."""
        environment: Environment | None = queries.environments_for(self.actor).filter(pk=number).first()
        if environment is None:
            raise NotFound(f"There is no environment {number}, or you may not see it.")
        policy = unattended.policy_of(environment)
        told: dict[str, Any] = {"kinds": [], "most_an_hour": 0, "in_production": False, "stopped_at": None}
        told |= {"stopped_by": "", "stopped_because": ""}
        if policy is not None:
            told = {name: getattr(policy, name) for name in told}
        told["within_the_hour"] = unattended.used_lately(environment, timezone.now())
        return Response(RemedyPolicySerializer(told).data)
