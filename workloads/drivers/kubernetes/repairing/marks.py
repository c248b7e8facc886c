"""The marks of a repair on the object it wrote: whose, under which fence, and which step, so that a repeat knows its own."""

from __future__ import annotations

from dataclasses import dataclass

from controlplane.core.errors import LeaseLost
from workloads.adapters.kubernetes.kinds import Json
from workloads.drivers.kubernetes import parts
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.pen import fence_of

PREFIX = "timonel-change-"


@dataclass(frozen=True, slots=True)
class Mark:
    """`environment` and `fence` tell who may write; `step` is a keyed digest of one step of one Change."""

    environment: int
    fence: int
    change: int
    step: str

    @property
    def text(self) -> str:
        """As the annotation holds it."""
        return f"{self.environment}.{self.fence}.{self.change}.{self.step}"

    @property
    def manager(self) -> str:
        """The name under which the cluster records what this Change wrote."""
        return f"{PREFIX}{self.change}"


def read(live: Json | None) -> Mark | None:
    """The mark of the last repair of this object, where it has one."""
    told = str((((live or {}).get("metadata") or {}).get("annotations") or {}).get(parts.REPAIRED, "")).split(".")
    if len(told) != 4 or not all(one.isdigit() and len(one) < 19 for one in told[:3]):
        return None
    return Mark(int(told[0]), int(told[1]), int(told[2]), told[3])


def signed(mark: Mark, item: Json) -> Json:
    """The same object with this mark; one of our namespace carries the fence of roll-outs too."""
    metadata = dict(item["metadata"])
    notes = {**(metadata.get("annotations") or {}), parts.REPAIRED: mark.text}
    if metadata.get("namespace"):
        notes[parts.FENCE] = str(mark.fence)
    return {**item, "metadata": {**metadata, "annotations": notes}}


def demand_newest(job: Errand, live: Json | None) -> None:
    """Raise LeaseLost where a newer worker of this environment wrote it. A node's fence is of each environment by itself."""
    if live is None:
        return
    found = read(live)
    newer = found is not None and found.environment == job.environment.pk and found.fence > job.environment.fence
    if newer or (live["metadata"].get("namespace") and fence_of(live) > job.environment.fence):
        raise LeaseLost(f"A newer worker wrote {parts.title(live)} already.")
