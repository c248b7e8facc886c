"""Rolling: the workloads are changed in place, and the cluster replaces their pods one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from workloads.adapters.kubernetes.kinds import Json
from workloads.drivers.kubernetes import kept, parts, rows
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.parts import Parts
from workloads.drivers.kubernetes.returning import stop
from workloads.drivers.kubernetes.waiting import Ready
from workloads.models import Instance


def roll(errand: Errand, instance: Instance, made: Parts) -> Ready:
    """Change the workloads, wait until they stand, then everything around them."""
    rows.note(errand.environment, instance, rows.SWITCHING)
    errand.say(f"Rolling {instance.release.label} out")
    put(errand, made, made.web)
    if _first(instance, made) and made.service is not None:
        errand.pen.put(made.service)
    ready = errand.until_ready(made.web)
    if ready.seconds is None:
        return ready
    if made.service is not None:
        errand.pen.put(made.service)
    behind = background(errand, made)
    if behind.seconds is None:
        return behind
    former = kept.parts_of(instance.replaced)
    stop(errand, former, except_for=parts.titles(made.workloads))  # a set of another strategy, or a process that is no more
    return ready


def put(errand: Errand, made: Parts, workloads: Sequence[Json]) -> None:
    """Apply workloads, and what scales them: new ones begin with as many replicas as that wants at least."""
    for item in workloads:
        least = [max(1, parts.least_of(scaler)) for scaler in made.scalers_of([item])]
        errand.pen.put(item, first=max(least, default=None))
    errand.put_all(made.scalers_of(workloads))


def background(errand: Errand, made: Parts) -> Ready:
    """Workers and beat belong to the live release; then what is around: routes, budgets, monitors."""
    put(errand, made, made.background)
    ready = errand.until_ready(made.background)
    if ready.seconds is not None:
        errand.put_all(made.around)
    return ready


def _first(instance: Instance, made: Parts) -> bool:
    """Whether no stable address led anywhere before: then it may be there from the beginning."""
    return instance.replaced is None and bool(made.web)
