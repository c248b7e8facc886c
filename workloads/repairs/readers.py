"""Workloads that learn of a write only when they start, as of a ConfigMap's variables: restarted after it, with a mark.

Controllers that were refused pods try again ever more seldom (up to a quarter of an hour): those are restarted too.
"""

from __future__ import annotations

from collections.abc import Iterable

from workloads.repairs.effects.workloads import started_anew
from workloads.repairs.values import Ref, Repair
from workloads.repairs.world import World


def restarts(repair: Repair, readers: Iterable[str], at: str) -> tuple[Repair, ...]:
    """The restarts that follow a write; none where no mark is given. Readers are written Deployment/web."""
    if not at:
        return ()
    refs = [Ref(*reader.partition("/")[::2], repair.ref.namespace) for reader in readers]
    text = f"so that {repair.ref.title} has its effect at once"
    return tuple(Repair("restart", ref, {"at": at}, f"Restart {ref.title} {text}", repair.fault, repair.object) for ref in refs)


def late(readers: Iterable[str], at: str, namespace: str, world: World) -> list[str]:
    """Readers that are there and whose pods are not all of the restart with that mark, ready."""
    found = ((reader, world.workload(Ref(*reader.partition("/")[::2], namespace))) for reader in readers)
    return [reader for reader, workload in found if workload is not None and not started_anew(workload, at)]
