"""Take a snapshot into a folder, keep one with its row, prune old ones."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from controlplane.core import audit, rights
from controlplane.core.actors import Actor, ActorKind
from controlplane.core.errors import Invalid
from controlplane.core.permissions import EVERYWHERE, Verb
from controlplane.core.redaction import redact
from workloads import clusters, visibility
from workloads.adapters.kubernetes.client import Client
from workloads.models import Cluster, Environment, Snapshot, Target
from workloads.snapshots import folder, telemetry
from workloads.snapshots.collecting import Collecting, Say
from workloads.snapshots.coverage import Coverage
from workloads.snapshots.folder import Folder
from workloads.snapshots.limits import Limits
from workloads.snapshots.veil import Json

KEPT_BELOW = "snapshots"
KEPT_FOR, MOST_KEPT = timedelta(days=30), 300


@dataclass(frozen=True, slots=True)
class Scope:
    """What a snapshot is of: a namespace of a cluster, or (empty) all of it; `environment` where one was named."""

    cluster: Cluster
    namespace: str = ""
    environment: Environment | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What was written. `coverage`: for each kind of evidence whole, partly or missing, and why."""

    path: Path
    sha256: str
    files: int
    size: int
    coverage: dict[str, Any]
    observed_at: datetime
    collected_at: datetime


def scope_of(environment: Environment) -> Scope:
    """Where an environment runs. Raises Invalid for one that is not on a cluster."""
    target = Target.objects.filter(environment=environment).select_related("cluster").first()
    if target is None:
        raise Invalid(f"{environment} runs on no cluster.", cure="A snapshot is taken of what runs on Kubernetes.")
    return Scope(target.cluster, target.namespace, environment)


def take(
    actor: Actor,
    scope: Scope,
    path: Path,
    *,
    symptom: str = "",
    observed_at: datetime | None = None,
    limits: Limits | None = None,
    rendered: Iterable[Json] = (),
    say: Say = lambda _: None,
) -> Taken:
    """Read the scope into a new folder. `rendered`: manifests that should be running there, as far as they are known.

    Raises Refused, Invalid for a folder that is not empty, or what keeps the cluster from being asked at all; whatever else
    could not be read is told in the coverage.
    """
    _demand(actor, scope)
    client, observed = clusters.reader(scope.cluster), observed_at or timezone.now()
    version = client.version()
    bundle = Folder(path)
    bundle.begin()
    case = {"namespace": scope.namespace, "symptom": redact(symptom), "observedAt": _iso(observed)}
    case |= {"cluster": scope.cluster.name, "version": version, "environment": str(scope.environment or "")}
    coverage = _fill(bundle, client, scope, limits or Limits(), tuple(rendered), say)
    collected = timezone.now()
    bundle.document("case.json", case | {"collectedAt": _iso(collected), "coverage": coverage})
    return Taken(path, bundle.seal(), len(bundle.digests), bundle.size, coverage, observed, collected)


def keep(actor: Actor, scope: Scope, *, symptom: str = "", **how: Any) -> Snapshot:
    """Take one below DATA_DIR, with a row that says who, when and of what."""
    name = f"{timezone.now():%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
    path = Path(settings.DATA_DIR) / KEPT_BELOW / name
    try:
        taken = take(actor, scope, path, symptom=symptom, **how)
        with transaction.atomic():
            row = Snapshot.objects.create(
                environment=scope.environment,
                cluster=scope.cluster,
                namespace=scope.namespace,
                symptom=redact(symptom)[:4_000],
                folder=f"{KEPT_BELOW}/{name}",
                sha256=taken.sha256,
                files=taken.files,
                size=taken.size,
                coverage=taken.coverage,
                observed_at=taken.observed_at,
                collected_at=taken.collected_at,
                taken_by=actor.label[:200],
            )
            audit.record(actor, "snapshot.take", row, after={"sha256": taken.sha256, "namespace": scope.namespace})
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return row


def visible(actor: Actor) -> models.QuerySet[Snapshot]:
    """The snapshots of what the actor may see; those of whole clusters are for who administers everything."""
    rows = Snapshot.objects.select_related("environment__application", "cluster")
    return rows.filter(visibility.within_reach_with_clusters(actor))


def path_of(row: Snapshot) -> Path:
    """Where its files are. Raises Invalid when they were pruned."""
    if not row.folder:
        raise Invalid(f"The files of {row} were pruned.", cure="Take a new one.")
    return Path(settings.DATA_DIR) / row.folder


def altered(row: Snapshot) -> list[str]:
    """Which files are no longer as they were written."""
    return folder.altered(path_of(row), row.sha256)


def prune(now: datetime, kept_for: timedelta = KEPT_FOR, most: int = MOST_KEPT) -> int:
    """Delete the files of snapshots older than that, and of the oldest beyond so many; their rows stay. How many."""
    held = list(Snapshot.objects.exclude(folder="").order_by("-collected_at"))
    old = [row for number, row in enumerate(held) if number >= most or row.collected_at < now - kept_for]
    for row in old:
        folder.remove(path_of(row))
        Snapshot.objects.filter(pk=row.pk).update(folder="", pruned_at=now)
    return len(old)


def _fill(
    bundle: Folder, client: Client, scope: Scope, limits: Limits, rendered: tuple[Json, ...], say: Callable[[str], None]
) -> dict[str, Any]:
    """Every file but the case; what they cover."""
    coverage = Coverage()
    reading = Collecting(client, scope.namespace, limits, coverage, say, rendered)
    reading.read_objects()
    bundle.items("objects.json", reading.objects)
    bundle.items("declared.json", reading.declared)
    for log, told in reading.read_logs():
        bundle.write(log.file, told)
    bundle.document("probes.json", reading.probes())
    alerts = telemetry.alerts(scope.cluster.alertmanager_url, scope.namespace, coverage)
    if alerts is not None:
        bundle.document("alerts.json", alerts)
    owners = telemetry.owners(reading.objects)
    metrics = telemetry.metrics(scope.cluster.prometheus_url, scope.namespace, owners, limits, coverage)
    if metrics is not None:
        bundle.document("metrics.json", metrics)
    return coverage.told()


def _demand(actor: Actor, scope: Scope) -> None:
    if actor.kind is ActorKind.SYSTEM:
        return  # the terminal, and parts of Timonel, which look on behalf of incidents and of whoever was allowed to ask
    if scope.environment is not None:
        rights.demand(actor, Verb.RUN, scope.environment.scopes, f"a snapshot of {scope.environment}")
    else:
        rights.demand(actor, Verb.ADMINISTER, [EVERYWHERE], f"a snapshot of {scope.cluster}")


def _iso(moment: datetime) -> str:
    return moment.astimezone(timezone.get_fixed_timezone(0)).strftime("%Y-%m-%dT%H:%M:%SZ")
