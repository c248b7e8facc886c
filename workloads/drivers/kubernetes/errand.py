"""One errand at one cluster: who asks, where, under which fence and key, and where progress is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from controlplane.core.errors import Refused
from workloads import clusters
from workloads.adapters.kubernetes.kinds import Json
from workloads.drivers import Say
from workloads.drivers.kubernetes import choices, kept, nodes, parts
from workloads.drivers.kubernetes.asking import Patient
from workloads.drivers.kubernetes.choices import Rollout
from workloads.drivers.kubernetes.parts import Parts
from workloads.drivers.kubernetes.pen import Pen
from workloads.drivers.kubernetes.waiting import Ready, Wait
from workloads.host.place import SHORTEST_SECRET
from workloads.models import Environment, Instance, Target


@dataclass(frozen=True, slots=True)
class Errand:
    """Everything a step needs; `secrets` must not be shown wherever they turn up."""

    environment: Environment
    target: Target
    rollout: Rollout
    patient: Patient
    key: str
    say: Say
    secrets: frozenset[str] = frozenset()
    forced: frozenset[str] = frozenset()

    @property
    def namespace(self) -> str:
        """Where all of it happens."""
        return self.target.namespace

    @property
    def pen(self) -> Pen:
        """What writes for this errand."""
        return Pen(self.patient, self.namespace, self.environment.fence, self.key, self.forced)

    def told(self, instance: Instance) -> Errand:
        """The same for one instance: what its approved preview said may be forced, and the secrets it holds."""
        shown = instance.rollout.get("shown", {})
        secrets = self.secrets | secrets_in(kept.parts_of(instance))
        return replace(self, forced=self.forced | frozenset(shown.get("forced", ())), secrets=secrets)

    def put_all(self, items: Sequence[Json], *, force: bool = False) -> None:
        """Apply them in order."""
        for item in items:
            self.pen.put(item, force=force)

    def until_ready(self, workloads: Sequence[Json]) -> Ready:
        """Wait until they stand."""
        if not workloads:
            return Ready(0.0)
        return Wait(
            self.patient, self.namespace, workloads, self.rollout.patience, self.secrets, self.say, lost=self.nodes_lost
        ).run()

    def nodes_lost(self, pods: Sequence[Json]) -> str:
        """Which nodes of these pods do not report, in words."""
        return nodes.lost(clusters.reader(self.target.cluster), pods)


def errand(environment: Environment, key: str, say: Say) -> Errand:
    """An errand with the identity that writes. Raises Refused where the environment names no cluster."""
    target = Target.objects.select_related("cluster").filter(environment=environment.pk).first()
    if target is None:
        raise Refused(f"{environment} names no cluster.", cure="Give it a target: a cluster and a namespace there.")
    patient = Patient(clusters.writer(target.cluster), say)
    return Errand(environment, target, choices.rollout_of(target.options), patient, key, say)


def informed(environment: Environment, key: str, say: Say) -> Errand:
    """An errand that knows the secrets of what runs."""
    job, live = errand(environment, key, say), environment.active_instance
    return job if live is None else job.told(live)


def secrets_in(found: Parts) -> frozenset[str]:
    """The values of the Secrets among these objects."""
    return frozenset(value for item in found.objects for value in parts.secret_values(item) if len(value) >= SHORTEST_SECRET)
