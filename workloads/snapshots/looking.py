"""A look at a scope that is kept nowhere: its objects as they are now, for whoever concludes from them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from workloads import clusters
from workloads.diagnosis.snapshot import Snapshot
from workloads.snapshots.collecting import MAY_NOT, Collecting
from workloads.snapshots.coverage import Coverage
from workloads.snapshots.limits import Limits
from workloads.snapshots.taking import Scope
from workloads.snapshots.veil import Json


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen. `whole`: everything that the identity may read was read; what it lacks besides, `why` says."""

    snapshot: Snapshot
    whole: bool
    why: tuple[str, ...]


def look(scope: Scope, limits: Limits, rendered: Iterable[Json] = ()) -> Looked:
    """Objects only: no logs, no checks, no metrics. Raises what keeps the cluster from being asked at all."""
    coverage, client = Coverage(), clusters.reader(scope.cluster)
    reading = Collecting(client, scope.namespace, limits, coverage, lambda _: None, tuple(rendered))
    reading.read_objects()
    told = coverage.told()["objects"]
    why = tuple(str(one) for one in told["why"]) if isinstance(told["why"], list) else ()
    now = timezone.now().isoformat()
    snapshot = Snapshot(
        objects=tuple(reading.objects),
        declared=tuple(reading.declared),
        namespace=scope.namespace,
        observed_at=now,
        collected_at=now,
    )
    whole = told["state"] != "missing" and all(one.startswith(MAY_NOT) for one in why)
    return Looked(snapshot, whole, why)
