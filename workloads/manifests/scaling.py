"""How many replicas there are, by whom that is decided, and how few there may be meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from controlplane.core.errors import Invalid
from workloads.manifests import choices, commands, marks
from workloads.manifests.choices import Choice
from workloads.manifests.options import Autoscale
from workloads.manifests.profile import Broker, Profile

Json = dict[str, Any]
SETTLE = 300  # seconds without need before there are fewer
POLL = 15
CELERY_QUEUE = "celery"


def scalers(profile: Profile, choice: Choice) -> list[Json]:
    """What scales a process: its queue where it is a Celery worker, otherwise its CPU."""
    scale = choice.autoscale
    if scale is None:
        return []
    if commands.celery_worker(choice.process) or scale.queue:
        return [_scaled_object(profile, choice, scale)]
    return [_by_cpu(profile, choice, scale)]


def budgets(profile: Profile, choice: Choice) -> list[Json]:
    """One at a time may be evicted, where there are several; those that are not ready may always be."""
    usual = choices.choice(replace(profile, replicas=None), choice.process)  # a canary is a step: the budget is about the whole
    several = usual.replicas > 1 or bool(usual.autoscale and usual.autoscale.max > 1)
    if not several:
        return []
    component = marks.component(choice.process.name)
    spec = {
        "maxUnavailable": 1,
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": {"matchLabels": marks.selector(profile, component)},
    }
    metadata = marks.metadata(profile, marks.named(profile, component, only=""), component)
    return [{"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": spec}]


def queues(choice: Choice, scale: Autoscale | None = None) -> list[str]:
    """The Redis lists that a Celery worker empties."""
    if scale and scale.queue:
        return [scale.queue]
    argv = choice.process.argv
    for number, word in enumerate(argv):
        if word in {"-Q", "--queues"} and number + 1 < len(argv):
            return argv[number + 1].split(",")
        if word.startswith("--queues="):
            return word.partition("=")[2].split(",")
    return [CELERY_QUEUE]


def _by_cpu(profile: Profile, choice: Choice, scale: Autoscale) -> Json:
    component = marks.component(choice.process.name)
    name = marks.named(profile, component)
    target = {"type": "Utilization", "averageUtilization": scale.cpu}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": max(1, scale.min),
        "maxReplicas": scale.max,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": SETTLE}},
    }
    metadata = marks.metadata(profile, name, component, of_set=component == "web")
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": spec}


def _scaled_object(profile: Profile, choice: Choice, scale: Autoscale) -> Json:
    broker = _broker(profile, choice)
    component = marks.component(choice.process.name)
    name = marks.named(profile, component)
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicaCount": scale.min,
        "maxReplicaCount": scale.max,
        "pollingInterval": POLL,
        "cooldownPeriod": SETTLE,
        "triggers": [_trigger(broker, queue, scale.length) for queue in queues(choice, scale)],
    }
    metadata = marks.metadata(profile, name, component, of_set=component == "web")
    return {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": metadata, "spec": spec}


def _trigger(broker: Broker, queue: str, length: int) -> Json:
    """KEDA's "redis" trigger. All its values are texts; the password is one of the worker's own variables."""
    told = {
        "address": f"{broker.host}:{broker.port}",
        "databaseIndex": str(broker.database),
        "listName": queue,
        "listLength": str(length),
        "enableTLS": "true" if broker.tls else "false",
    }
    if broker.password_variable:
        told["passwordFromEnv"] = broker.password_variable
    return {"type": "redis", "metadata": told}


def _broker(profile: Profile, choice: Choice) -> Broker:
    if profile.broker is None:
        raise Invalid(
            f"Process {choice.process.name} cannot be scaled by its queue: no Redis or Valkey is known as the broker.",
            cure="Set CELERY_BROKER_URL to a redis:// address, or leave `autoscale` out.",
        )
    return profile.broker
