"""What stands on a cluster, as the API tells it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from workloads.topology.picture import Pod, Workload

MOST_PODS = 1_000  # of one workload


class MeasureSerializer(serializers.Serializer[Any]):
    """Cores or bytes; null where nobody says."""

    used = serializers.FloatField(allow_null=True)
    requested = serializers.FloatField(allow_null=True)
    limit = serializers.FloatField(allow_null=True)


class EndingSerializer(serializers.Serializer[Any]):
    """How a container ended the last time."""

    reason = serializers.CharField()
    exit_code = serializers.IntegerField(allow_null=True)
    message = serializers.CharField()
    at = serializers.CharField()


class ContainerSerializer(serializers.Serializer[Any]):
    """One container of a pod."""

    name = serializers.CharField()
    role = serializers.ChoiceField(choices=["app", "init", "sidecar"])
    image = serializers.CharField()
    state = serializers.ChoiceField(choices=["running", "waiting", "ended", "unknown"])
    reason = serializers.CharField()
    ready = serializers.BooleanField()
    restarts = serializers.IntegerField()
    last = EndingSerializer(allow_null=True)
    cpu = MeasureSerializer()
    memory = MeasureSerializer()


class PodSerializer(serializers.Serializer[Any]):
    """One pod. `reason` is the cluster's own word."""

    name = serializers.CharField()
    node = serializers.CharField()
    created_at = serializers.CharField()
    release = serializers.CharField()
    set = serializers.CharField()
    state = serializers.ChoiceField(choices=["ready", "done", "starting", "leaving", "unready", "waiting", "failing"])
    reason = serializers.CharField()
    message = serializers.CharField()
    restarts = serializers.IntegerField()
    containers = ContainerSerializer(many=True)


class WorkloadSerializer(serializers.Serializer[Any]):
    """What makes pods. `ours`: Timonel made it. Of a Job `ready` counts what is done."""

    kind = serializers.CharField()
    name = serializers.CharField()
    component = serializers.CharField()
    ours = serializers.BooleanField()
    release = serializers.CharField()
    set = serializers.CharField()
    state = serializers.CharField()
    trouble = serializers.CharField()
    wanted = serializers.IntegerField()
    ready = serializers.IntegerField()
    restarts = serializers.IntegerField()
    image = serializers.CharField()
    cpu = MeasureSerializer()
    memory = MeasureSerializer()
    pods = serializers.SerializerMethodField()
    pods_left_out = serializers.SerializerMethodField()

    @extend_schema_field(PodSerializer(many=True))
    def get_pods(self, workload: Workload) -> list[Pod]:
        """Those in trouble first, at most a thousand."""
        first = sorted(workload.pods, key=lambda pod: not pod.troubled)
        told: list[Pod] = PodSerializer(first[:MOST_PODS], many=True).data  # type: ignore[assignment]  # as they are told
        return told

    def get_pods_left_out(self, workload: Workload) -> int:
        """How many more there are."""
        return max(0, len(workload.pods) - MOST_PODS)


class ServiceSerializer(serializers.Serializer[Any]):
    """A Service and the workloads it leads to."""

    name = serializers.CharField()
    kind = serializers.CharField()
    role = serializers.CharField()
    ours = serializers.BooleanField()
    state = serializers.ChoiceField(choices=["ready", "empty", "broken", "outside"])
    ready = serializers.IntegerField()
    total = serializers.IntegerField()
    ports = serializers.ListField(child=serializers.CharField())
    workloads = serializers.ListField(child=serializers.CharField())


class BackendSerializer(serializers.Serializer[Any]):
    """Where a rule leads; `broken` says why it does not."""

    service = serializers.CharField()
    port = serializers.CharField()
    percent = serializers.FloatField(allow_null=True)
    broken = serializers.CharField()


class RuleSerializer(serializers.Serializer[Any]):
    """One rule of a route."""

    host = serializers.CharField()
    path = serializers.CharField()
    backends = BackendSerializer(many=True)


class RouteSerializer(serializers.Serializer[Any]):
    """An Ingress or HTTPRoute."""

    kind = serializers.CharField()
    name = serializers.CharField()
    ours = serializers.BooleanField()
    addresses = serializers.ListField(child=serializers.CharField())
    broken = serializers.CharField()
    rules = RuleSerializer(many=True)


class WarningSerializer(serializers.Serializer[Any]):
    """One event of the type Warning."""

    at = serializers.CharField()
    reason = serializers.CharField()
    message = serializers.CharField()
    about = serializers.CharField()
    count = serializers.IntegerField()


class ShareSerializer(serializers.Serializer[Any]):
    """The part of the requests that a version gets, in percent."""

    release = serializers.CharField()
    set = serializers.CharField()
    percent = serializers.FloatField()


class PictureSerializer(serializers.Serializer[Any]):
    """What stands in the environment's namespace.

    `fresh`: so it is now; otherwise so it was at `seen_at`, and `trouble` says what keeps the cluster from being asked.
    `measured`: whether it tells what is used. `unseen`: kinds that the identity may not read.
    """

    environment = serializers.IntegerField()
    cluster = serializers.CharField()
    namespace = serializers.CharField()
    fresh = serializers.BooleanField()
    seen_at = serializers.DateTimeField(allow_null=True)
    trouble = serializers.CharField()
    measured = serializers.BooleanField()
    unseen = serializers.ListField(child=serializers.CharField())
    traffic = ShareSerializer(many=True)
    routes = RouteSerializer(many=True)
    services = ServiceSerializer(many=True)
    workloads = WorkloadSerializer(many=True)
    other_pods = PodSerializer(many=True)
    warnings = WarningSerializer(many=True)
