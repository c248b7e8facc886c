"""Events: what controllers, scheduler and kubelet said, and when."""

from __future__ import annotations

from dataclasses import dataclass

from workloads.diagnosis.times import seconds
from workloads.unchecked import Table, whole, word


@dataclass(frozen=True, slots=True)
class Event:
    """One event (or series of equal ones)."""

    kind: str
    name: str
    namespace: str
    reason: str
    message: str
    warning: bool
    count: int
    at: float
    first_at: float
    component: str
    stamp: str

    @property
    def path(self) -> str:
        """The object it is about, as a person would write it."""
        return f"{self.kind.lower()}/{self.name}"


def read_event(obj: Table) -> Event:
    """The event in an object of `v1` or of `events.k8s.io/v1`."""
    about = obj.get("involvedObject") or obj.get("regarding") or {}
    stamp = (
        word(obj, "series", "lastObservedTime")
        or word(obj, "lastTimestamp")
        or word(obj, "deprecatedLastTimestamp")
        or word(obj, "eventTime")
        or word(obj, "metadata", "creationTimestamp")
    )
    first = word(obj, "firstTimestamp") or word(obj, "eventTime") or stamp
    return Event(
        kind=word(about, "kind"),
        name=word(about, "name"),
        namespace=word(about, "namespace") or word(obj, "metadata", "namespace"),
        reason=word(obj, "reason"),
        message=(word(obj, "message") or word(obj, "note"))[:4000],
        warning=word(obj, "type") == "Warning",
        count=max(1, whole(obj, "count"), whole(obj, "series", "count")),
        at=seconds(stamp),
        first_at=seconds(first),
        component=word(obj, "source", "component") or word(obj, "reportingComponent") or word(obj, "reportingController"),
        stamp=stamp,
    )
