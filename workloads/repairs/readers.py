"""Workloads that read a ConfigMap only when they start: they are restarted after it was written, with a mark of that restart."""

from __future__ import annotations

from collections.abc import Iterable

from workloads.diagnosis.reading import labels
from workloads.repairs.effects.workloads import RESTARTED
from workloads.repairs.values import Ref, Repair
from workloads.repairs.world import World


def restarts(repair: Repair, readers: Iterable[str], at: str) -> tuple[Repair, ...]:
    """The restarts that follow a write to a ConfigMap; none where no mark is given. Readers are written Deployment/web."""
    if not at:
        return ()
    refs = [Ref(*reader.partition("/")[::2], repair.ref.namespace) for reader in readers]
    text = f"so that it reads {repair.ref.title}"
    return tuple(Repair("restart", ref, {"at": at}, f"Restart {ref.title} {text}", repair.fault, repair.object) for ref in refs)


def late(readers: Iterable[str], at: str, namespace: str, world: World) -> list[str]:
    """Readers that are there and have not been restarted with that mark, or are not ready yet."""
    found = []
    for reader in readers:
        workload = world.workload(Ref(*reader.partition("/")[::2], namespace))
        if workload is not None:
            mark = labels(workload.template, "metadata", "annotations").get(RESTARTED, "")
            if mark != at or workload.ready < workload.desired:
                found.append(reader)
    return found
