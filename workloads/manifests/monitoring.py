"""What the Prometheus Operator is told: where the metrics are, and when to wake somebody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workloads.manifests import alerts, marks, services
from workloads.manifests.choices import Choice
from workloads.manifests.profile import Profile

Json = dict[str, Any]
API = "monitoring.coreos.com/v1"
HOST = (
    "Prometheus asks for {path} under a pod's address: the application must answer there for every Host "
    "(django-prometheus before CommonMiddleware does), or the alert that its metrics are absent will say so."
)


def monitors(profile: Profile, found: Iterable[Choice]) -> list[Json]:
    """ServiceMonitor and PrometheusRule; nothing unless they are asked for, since a cluster may not know these kinds."""
    if not profile.options.monitoring.enabled:
        return []
    found = list(found)
    web = [_service_monitor(profile)] if services.served(tuple(found)) else []
    return [*web, _rule(profile, found)]


def notes(profile: Profile) -> list[str]:
    """What a person must know about metrics before approving."""
    chosen = profile.options.monitoring
    return [HOST.format(path=chosen.path)] if chosen.enabled else []


def _service_monitor(profile: Profile) -> Json:
    chosen = profile.options.monitoring
    spec = {
        "jobLabel": "app.kubernetes.io/name",
        "namespaceSelector": {"matchNames": [profile.namespace]},
        "selector": {"matchLabels": marks.selector(profile, services.WEB) | {"timonel.dev/service": "stable"}},
        "endpoints": [{"port": "http", "path": chosen.path, "interval": chosen.interval, "scheme": "http"}],
    }
    return {"apiVersion": API, "kind": "ServiceMonitor", "metadata": _metadata(profile), "spec": spec}


def _rule(profile: Profile, found: list[Choice]) -> Json:
    return {
        "apiVersion": API,
        "kind": "PrometheusRule",
        "metadata": _metadata(profile),
        "spec": {"groups": alerts.groups(profile, found)},
    }


def _metadata(profile: Profile) -> Json:
    found = marks.metadata(profile, services.name(profile))
    more = {**found["labels"], **profile.options.monitoring.labels}
    return {**found, "labels": dict(sorted(more.items()))}
