"""A pod and its containers, read from the API object."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from workloads.diagnosis.times import seconds
from workloads.unchecked import Table, dig, labels, rows, table, whole, word


@dataclass(frozen=True)
class Container:
    """One container: what the spec says of it and what the kubelet last reported."""

    name: str
    spec: Table
    status: Table
    init: bool = False

    @property
    def ready(self) -> bool:
        """Whether the kubelet calls it ready."""
        return dig(self.status, "ready") is True

    @property
    def restarts(self) -> int:
        """How often it was restarted."""
        return whole(self.status, "restartCount")

    @property
    def waiting(self) -> str:
        """The reason it waits for, empty when it does not."""
        return word(self.status, "state", "waiting", "reason")

    @property
    def waiting_message(self) -> str:
        """The kubelet's message about it."""
        return word(self.status, "state", "waiting", "message")

    @property
    def started_at(self) -> float:
        """When the running one was started."""
        return seconds(word(self.status, "state", "running", "startedAt"))

    @property
    def ended(self) -> Table:
        """How it last ended: the current state when it is terminated, else the last one."""
        now = table(self.status, "state", "terminated")
        return now or table(self.status, "lastState", "terminated")

    @property
    def ports(self) -> list[Table]:
        """The declared ports."""
        return rows(self.spec, "ports")

    @property
    def sidecar(self) -> bool:
        """Whether it is an init container that keeps running beside the others."""
        return self.init and word(self.spec, "restartPolicy") == "Always"

    def env(self) -> dict[str, str]:
        """The variables with a value in the spec."""
        return {word(each, "name"): word(each, "value") for each in rows(self.spec, "env") if "value" in each}


@dataclass(frozen=True)
class Pod:
    """One pod."""

    obj: Table

    @cached_property
    def name(self) -> str:
        """Its name."""
        return word(self.obj, "metadata", "name")

    @cached_property
    def namespace(self) -> str:
        """Its namespace."""
        return word(self.obj, "metadata", "namespace")

    @cached_property
    def labels(self) -> dict[str, str]:
        """Its labels."""
        return labels(self.obj, "metadata", "labels")

    @property
    def node(self) -> str:
        """The node it was bound to, empty when none."""
        return word(self.obj, "spec", "nodeName")

    @property
    def phase(self) -> str:
        """Pending, Running, Succeeded, Failed or Unknown."""
        return word(self.obj, "status", "phase")

    @property
    def deleting(self) -> bool:
        """Whether it is being deleted."""
        return bool(word(self.obj, "metadata", "deletionTimestamp"))

    @property
    def created_at(self) -> float:
        """When it was created."""
        return seconds(word(self.obj, "metadata", "creationTimestamp"))

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """The containers, init ones last."""
        return (*self._some("containers", "containerStatuses", False), *self._some("initContainers", "initContainerStatuses", True))

    def _some(self, spec: str, status: str, init: bool) -> list[Container]:
        states = {word(each, "name"): each for each in rows(self.obj, "status", status)}
        return [
            Container(word(each, "name"), each, states.get(word(each, "name"), {}), init) for each in rows(self.obj, "spec", spec)
        ]

    def condition(self, kind: str) -> Table:
        """The condition of that type."""
        return next((each for each in rows(self.obj, "status", "conditions") if word(each, "type") == kind), {})

    @property
    def ready(self) -> bool:
        """Whether it takes traffic: the condition Ready."""
        return word(self.condition("Ready"), "status") == "True"

    @property
    def over(self) -> bool:
        """Whether it is done, or on its way out: nothing to be expected of it."""
        return (
            self.deleting
            or self.phase == "Succeeded"
            or (self.phase == "Failed" and word(self.obj, "status", "reason") == "Evicted")
        )

    @property
    def unscheduled(self) -> bool:
        """Whether it still waits for a node."""
        return self.phase in ("Pending", "") and not self.node and not self.deleting
