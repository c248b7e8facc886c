"""Nodes: whether they take pods, what they hold, what they say of themselves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from workloads.quantities import quantity
from workloads.unchecked import Table, dig, labels, rows, word

CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")


@dataclass(frozen=True)
class Node:
    """One node."""

    obj: Table

    @cached_property
    def name(self) -> str:
        """Its name."""
        return word(self.obj, "metadata", "name")

    @cached_property
    def labels(self) -> dict[str, str]:
        """Its labels; the kubelet always sets the host name, so that is there."""
        return {"kubernetes.io/hostname": self.name} | labels(self.obj, "metadata", "labels")

    @property
    def cordoned(self) -> bool:
        """Whether somebody marked it unschedulable."""
        return dig(self.obj, "spec", "unschedulable") is True

    @property
    def taints(self) -> list[Table]:
        """Taints that keep pods away, without the one that a cordon sets."""
        found = rows(self.obj, "spec", "taints")
        return [
            taint
            for taint in found
            if word(taint, "effect") in ("NoSchedule", "NoExecute") and word(taint, "key") != "node.kubernetes.io/unschedulable"
        ]

    @property
    def control_plane(self) -> bool:
        """Whether it says that it runs the control plane."""
        role = self.labels.get("kubernetes.io/role", "")
        return any(key in self.labels for key in CONTROL_PLANE) or role in ("master", "control-plane")

    def condition(self, kind: str) -> Table:
        """The condition of that type."""
        return next((each for each in rows(self.obj, "status", "conditions") if word(each, "type") == kind), {})

    @property
    def ready(self) -> str:
        """True, False, Unknown, or empty when it says nothing."""
        return word(self.condition("Ready"), "status")

    def allocatable(self, resource: str) -> float:
        """How much of a resource pods may have."""
        return quantity(word(self.obj, "status", "allocatable", resource))
