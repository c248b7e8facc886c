"""Whether pods were taken away while a release was looked at: then what was seen says nothing of the release."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workloads.adapters.kubernetes.kinds import Json
from workloads.adapters.probes import Probe
from workloads.drivers import checks
from workloads.drivers.kubernetes import waiting
from workloads.drivers.kubernetes.errand import Errand
from workloads.rollout import Judgement, Phase

UNREACHED = frozenset({"pages", "requests", "success ratio", "pods ready"})  # what goes wrong where pods are taken away


@dataclass(frozen=True, slots=True)
class Watch:
    """The pods of some workloads as they were when the look began."""

    errand: Errand
    workloads: Sequence[Json]
    before: tuple[Json, ...]

    def disturbed(self) -> str:
        """What was done to them since that is not the release's own doing, in words; empty where nothing was."""
        now = waiting.pods_of(self.errand.patient, self.errand.namespace, self.workloads)
        gone = taken(self.before, now)
        if gone:
            more = f" and {len(gone) - 1} more" if len(gone) > 1 else ""
            return f"pod {gone[0]}{more} was removed meanwhile"
        return self.errand.nodes_lost(now)


def watch(errand: Errand, workloads: Sequence[Json]) -> Watch:
    """Begin to look at the pods of these workloads."""
    return Watch(errand, workloads, tuple(waiting.pods_of(errand.patient, errand.namespace, workloads)))


def excusable(judged: Judgement, probes: Iterable[Probe]) -> bool:
    """Whether all that is wrong is that nothing answered: an error page, a restart or a traceback is the release's own doing."""
    wrong = {metric.name for metric in judged.metrics if metric.phase is not Phase.PASSED}
    return wrong <= UNREACHED and not any(probe.status and checks.look_at(probe).word == "broken" for probe in probes)


def taken(before: Sequence[Json], now: Sequence[Json]) -> list[str]:
    """Names of pods that were there, and that somebody removed: a container that ends leaves its pod."""
    stay = {pod["metadata"]["uid"] for pod in now if not pod["metadata"].get("deletionTimestamp")}
    there = (pod["metadata"] for pod in before if not pod["metadata"].get("deletionTimestamp"))
    return [str(metadata["name"]) for metadata in there if metadata["uid"] not in stay]
