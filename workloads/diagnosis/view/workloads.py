"""A workload: the controller a person would change, with everything it made."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from workloads.diagnosis.view.pods import Container, Pod
from workloads.quantities import quantity
from workloads.unchecked import Table, dig, labels, rows, table, whole, word

LASTING = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")


@dataclass(frozen=True)
class Workload:
    """A top-most controller (or a bare pod), its ReplicaSets and its pods."""

    kind: str
    name: str
    namespace: str
    obj: Table
    pods: tuple[Pod, ...] = ()
    sets: tuple[Table, ...] = field(default=())

    @property
    def app(self) -> str:
        """How a Diagnosis names it."""
        return f"app/{self.name}"

    @property
    def path(self) -> str:
        """Kind and name, as kubectl writes them."""
        return f"{self.kind.lower()}/{self.name}"

    @cached_property
    def template(self) -> Table:
        """The pod template; a bare pod is its own."""
        if self.kind == "Pod":
            return self.obj
        if self.kind == "CronJob":
            return table(self.obj, "spec", "jobTemplate", "spec", "template")
        return table(self.obj, "spec", "template")

    @cached_property
    def spec(self) -> Table:
        """The pod spec of the template."""
        return table(self.template, "spec")

    @cached_property
    def labels(self) -> dict[str, str]:
        """The labels its pods get."""
        return labels(self.template, "metadata", "labels")

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """The containers of the template."""
        return tuple(Container(word(each, "name"), each, {}) for each in rows(self.spec, "containers"))

    @property
    def desired(self) -> int:
        """How many pods it should have."""
        if self.kind == "DaemonSet":
            return whole(self.obj, "status", "desiredNumberScheduled")
        if self.kind in LASTING:
            return whole(self.obj, "spec", "replicas", default=1)
        return 1 if self.kind == "Pod" else 0

    @cached_property
    def standing_pods(self) -> tuple[Pod, ...]:
        """The pods something is expected of."""
        return tuple(pod for pod in self.pods if not pod.over)

    @property
    def ready(self) -> int:
        """How many of them take traffic."""
        if not self.standing_pods:
            return 0
        return sum(pod.ready for pod in self.standing_pods)

    @property
    def short(self) -> bool:
        """Whether fewer pods are ready than should be."""
        if self.kind == "Pod":
            return any(not pod.ready for pod in self.standing_pods)
        return self.kind in LASTING and self.desired > self.ready

    @property
    def troubled(self) -> bool:
        """Whether it is short of pods, or one of its pods is not ready (a roll-out that does not get on)."""
        if self.kind not in (*LASTING, "Pod"):
            return False
        return self.short or any(not pod.ready for pod in self.standing_pods)

    def condition(self, kind: str) -> Table:
        """The condition of that type."""
        return next((each for each in rows(self.obj, "status", "conditions") if word(each, "type") == kind), {})

    @property
    def unavailable(self) -> bool:
        """Whether its controller says that it lacks available pods: true of those that come and go, too."""
        return self.kind == "Deployment" and word(self.condition("Available"), "status") == "False"

    def request(self, resource: str) -> float:
        """What one pod asks of a resource (the sum over its containers)."""
        return sum(quantity(word(each.spec, "resources", "requests", resource)) for each in self.containers)

    def env(self) -> dict[str, str]:
        """Every variable with a value in the template."""
        found: dict[str, str] = {}
        for container in self.containers:
            found.update(container.env())
        return found

    def claims(self) -> list[str]:
        """The names of the volume claims it mounts; those of a StatefulSet's templates too."""
        names = [word(each, "persistentVolumeClaim", "claimName") for each in rows(self.spec, "volumes")]
        for claim in rows(self.obj, "spec", "volumeClaimTemplates"):
            base = word(claim, "metadata", "name")
            names += [f"{base}-{self.name}-{number}" for number in range(min(self.desired, 50))]
        return [name for name in names if name]

    def ports(self) -> list[Table]:
        """All ports its containers declare."""
        return [port for container in self.containers for port in container.ports]

    @property
    def owner(self) -> Table:
        """Its own controller, when that is none Kubernetes ships."""
        return next((each for each in rows(self.obj, "metadata", "ownerReferences") if dig(each, "controller") is True), {})
