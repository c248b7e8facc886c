"""The live objects an invariant looks at: those of a namespace, and the nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from workloads.diagnosis.snapshot import Snapshot
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.pods import Pod
from workloads.diagnosis.view.services import selects
from workloads.diagnosis.view.workloads import Workload
from workloads.repairs.values import Json, Ref


class World:
    """Live objects, indexed as the diagnosis indexes evidence."""

    def __init__(self, objects: Sequence[Json]) -> None:
        self.view = View(Snapshot(objects=tuple(objects)))

    def find(self, ref: Ref) -> Json | None:
        """The object meant, None where it is not there."""
        return self.named(ref.kind, ref.name, ref.namespace)

    def named(self, kind: str, name: str, namespace: str = "") -> Json | None:
        """One object by name."""
        found = self.view.named(kind, namespace, name)
        return dict(found) if found else None

    def kind(self, kind: str, namespace: str = "") -> list[Json]:
        """The objects of a kind, those of one namespace where it is named."""
        found = (dict(obj) for obj in self.view.kind(kind))
        return [obj for obj in found if not namespace or (obj.get("metadata") or {}).get("namespace") == namespace]

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """Every pod something is expected of."""
        return tuple(pod for pod in map(Pod, self.view.kind("Pod")) if not pod.over)

    def selected(self, selector: Mapping[str, str], namespace: str) -> list[Pod]:
        """The pods a Service's selector meets."""
        return [pod for pod in self.pods if pod.namespace == namespace and selects(selector, pod.labels)]

    def workload(self, ref: Ref) -> Workload | None:
        """The workload meant, with the pods it made."""
        return next(
            (
                each
                for each in self.view.every_workload
                if (each.kind, each.name, each.namespace) == (ref.kind, ref.name, ref.namespace)
            ),
            None,
        )

    def __repr__(self) -> str:
        return f"World({len(self.view.snapshot.objects)} objects)"


def of(value: Any, *path: str) -> Any:
    """What lies at a path of mappings, None where nothing does."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
