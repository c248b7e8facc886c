"""An environment as its page shows it: what is live, its processes, its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agents.models import Run
from controlplane.core.actors import Actor
from controlplane.core.redaction import redact
from controlplane.dashboard import sight
from controlplane.dashboard.drawing import spark
from controlplane.dashboard.reads import cluster
from controlplane.dashboard.reads.overview import health
from controlplane.dashboard.reads.wanted import standing, state_of
from workloads.host import logs, place
from workloads.models import Change, Deployment, Environment, Incident, Instance, Sample

WINDOW = timedelta(minutes=15)
POINTS = 60
LOG_LINES = 400
MOST_INCIDENTS = 5  # that stand on the page one by one


@dataclass(frozen=True, slots=True)
class Process:
    """One process of an instance: how it is now, and its last quarter of an hour."""

    name: str
    state: str
    facts: Mapping[str, Any]
    cpu: float | None
    memory: int | None
    cpu_line: str
    memory_line: str


@dataclass(frozen=True, slots=True)
class Copy:
    """One running copy of a release."""

    instance: Instance
    routed: bool
    processes: Sequence[Process]


def one(actor: Actor, environment_id: int) -> Environment:
    """The environment, or NotFound."""
    related = "application", "routed_instance__release", "active_instance__release"
    rows = sight.environments(actor).select_related(*related)
    return sight.one(rows, "environment", pk=environment_id)


def state(environment: Environment, now: datetime) -> dict[str, Any]:
    """Everything about the environment that changes by itself."""
    related = "release__application", "previous__release", "change", "incident"
    deployments = Deployment.objects.filter(environment=environment).select_related(*related)
    routed = environment.routed_instance_id or environment.active_instance_id
    copies = Instance.objects.filter(environment=environment).exclude(status=Instance.Status.STOPPED)
    live = deployments.filter(status=Deployment.Status.LIVE).first()
    on_cluster = environment.driver == Environment.Driver.KUBERNETES
    incidents = Incident.objects.filter(environment=environment).exclude(status=Incident.Status.RESOLVED)
    more = cluster.written(environment) if on_cluster else {}
    return more | {
        "on_cluster": on_cluster,
        "environment": environment,
        "live": live,
        "standing": standing(live.release if live else None, environment.routed_instance or environment.active_instance, now),
        "deployments": deployments.order_by("-pk")[:20],
        "copies": []
        if on_cluster
        else [_copy(one, one.pk == routed, now) for one in copies.select_related("release__application")],
        "bars": health([routed or 0], now).get(routed or 0, ()),
        "runs": Run.objects.filter(environment=environment, finished_at__isnull=True).order_by("-pk")[:5],
        "waiting": Change.objects.filter(environment=environment, status=Change.Status.WAITING, expires_at__gt=now),
        "incidents": list(incidents.order_by("-pk")[:MOST_INCIDENTS]),
        "more_incidents": max(0, incidents.count() - MOST_INCIDENTS),
    }


def log_of(environment: Environment, instance_id: int, process: str) -> str:
    """The end of a process's log, without the environment's secrets and what looks like one."""
    instance = sight.one(Instance.objects.filter(environment=environment), "running copy", pk=instance_id)
    secrets = frozenset(row.value for row in environment.variables.filter(secret=True) if row.value)
    found = {path.stem: path for path in logs.logs(place.instance_folder(instance.pk))}
    return redact(logs.tail(found[process], LOG_LINES), secrets) if process in found else ""


def _copy(instance: Instance, routed: bool, now: datetime) -> Copy:
    samples: dict[str, list[Sample]] = {}
    for sample in Sample.objects.filter(instance=instance, at__gte=now - WINDOW).order_by("at"):
        samples.setdefault(sample.process, []).append(sample)
    names = list(dict.fromkeys([*instance.processes, *samples]))
    return Copy(instance, routed, [_process(name, instance, samples.get(name, []), now) for name in names])


def _process(name: str, instance: Instance, samples: Sequence[Sample], now: datetime) -> Process:
    facts = instance.processes.get(name, {})
    last = samples[-1] if samples else None
    return Process(
        name,
        state_of(facts),
        facts,
        last.cpu_percent if last else None,
        last.memory_bytes if last else None,
        spark.line(_series(samples, now, "cpu_percent"), top=100),
        spark.line(_series(samples, now, "memory_bytes")),
    )


def _series(samples: Sequence[Sample], now: datetime, name: str) -> list[float | None]:
    """The samples in evenly spaced slots; a slot without one stays empty."""
    slots: list[float | None] = [None] * POINTS
    for sample in samples:
        value = getattr(sample, name)
        index = POINTS - 1 - int((now - sample.at) / (WINDOW / POINTS))
        if value is not None and 0 <= index < POINTS:
            slots[index] = float(value)
    return slots
