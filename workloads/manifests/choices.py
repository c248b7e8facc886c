"""What holds for each process once the options and the tier have been heard."""

from __future__ import annotations

from dataclasses import dataclass

from workloads.manifests import commands
from workloads.manifests.options import Autoscale
from workloads.manifests.profile import Process, Profile, Tier

WEB = {"local": 1, "staging": 2, "production": 3}
BACKGROUND = {"local": 1, "staging": 1, "production": 2}
PRE_STOP = 5  # seconds in which Services and routes forget a pod that ends, while it still answers
AFTER = 5  # seconds to close what is left before the pod is killed
CPU, MEMORY = "100m", "512Mi"  # two or three copies of a Django application of the usual size
BEAT_CPU, BEAT_MEMORY = "25m", "256Mi"  # one, which mostly sleeps
WEB_GRACE, BACKGROUND_GRACE, BEAT_GRACE = 25, 60, 10


@dataclass(frozen=True, slots=True)
class Choice:
    """One process, settled. `grace` is in seconds; `cpu_limit` empty means none."""

    process: Process
    web: bool
    alone: bool
    replicas: int
    cpu: str
    cpu_limit: str
    memory: str
    grace: int
    autoscale: Autoscale | None
    ping: bool

    @property
    def termination(self) -> int:
        """How long a pod has to end, in seconds."""
        return self.grace + AFTER + (PRE_STOP if self.web else 0)


def choices(profile: Profile) -> tuple[Choice, ...]:
    """Every process in the order in which they are named, web first."""
    found = [choice(profile, process) for process in profile.processes]
    return tuple(sorted(found, key=lambda one: (not one.web, one.alone, one.process.name)))


def notes(profile: Profile) -> list[str]:
    """What was chosen and cannot be."""
    found = []
    for process in profile.processes:
        chosen = profile.options.processes.get(process.name)
        if chosen and commands.alone(process) and (chosen.autoscale or chosen.replicas not in {None, 1}):
            found.append(f"Of {process.name}, a scheduler, there is one whatever the options say: two would do everything twice.")
    return found


def choice(profile: Profile, process: Process) -> Choice:
    """The process, settled."""
    web, alone = commands.listens(process), commands.alone(process)
    chosen = profile.options.processes.get(process.name)
    scale = chosen.autoscale if chosen and not alone else None
    grace = chosen.grace if chosen and chosen.grace is not None else _grace(web, alone)
    return Choice(
        process=process,
        web=web,
        alone=alone,
        replicas=1 if alone else _replicas(profile, process, web),
        cpu=(chosen.cpu if chosen else "") or (BEAT_CPU if alone else CPU),
        cpu_limit=chosen.cpu_limit if chosen else "",
        memory=(chosen.memory if chosen else "") or (BEAT_MEMORY if alone else MEMORY),
        grace=grace,
        autoscale=scale,
        ping=bool(chosen and chosen.ping and commands.celery_worker(process)),
    )


def _replicas(profile: Profile, process: Process, web: bool) -> int:
    if web and profile.replicas is not None:
        return profile.replicas
    chosen = profile.options.processes.get(process.name)
    if chosen and chosen.replicas is not None:
        return chosen.replicas
    return _by_tier(profile.tier, web)


def _by_tier(tier: Tier, web: bool) -> int:
    return (WEB if web else BACKGROUND)[tier]


def _grace(web: bool, alone: bool) -> int:
    return WEB_GRACE if web else BEAT_GRACE if alone else BACKGROUND_GRACE
