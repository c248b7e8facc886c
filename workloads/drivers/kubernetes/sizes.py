"""How many replicas a set has at full size, and how they are shared between a canary and what runs."""

from __future__ import annotations

from workloads.adapters.kubernetes.kinds import Json, kind_of
from workloads.drivers.kubernetes import kept, parts
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.parts import Parts
from workloads.models import Instance


def full_size(errand: Errand, made: Parts, item: Json, former: Instance | None) -> int:
    """What the manifest asks for; where a scaler decides, as many as the live set has now, and what that wants at least."""
    asked = parts.replicas_of(item)
    if asked is not None:
        return asked
    live = [found for other in (kept.parts_of(former).web if former else ()) if (found := replicas(errand, other))]
    return max([1, *live, *map(parts.least_of, made.scalers_of([item]))])


def replicas(errand: Errand, item: Json) -> int | None:
    """How many replicas the live object asks for; None where it is not there."""
    live = errand.patient.ask(lambda client: client.get(kind_of(item), item["metadata"]["name"], errand.namespace))
    return None if live is None else parts.replicas_of(live)


def share(size: int, weight: int) -> tuple[int, int]:
    """Replicas of the canary and of what runs, so that about `weight` percent of the requests reach the canary."""
    canary = min(max(1, round(size * weight / 100)), max(size - 1, 1))
    return canary, max(size - canary, 1)
