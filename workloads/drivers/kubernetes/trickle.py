"""A steady trickle of requests through a Service while a release is watched."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from workloads.adapters.kubernetes import proxied
from workloads.adapters.probes import Probe
from workloads.drivers import checks
from workloads.rollout import Measurement, Metric, Phase

PROBERS = 2
DEADLINE = 15.0
PHASES = {"answers": Phase.PASSED, "silent": Phase.INCONCLUSIVE, "broken": Phase.FAILED}


@dataclass(slots=True)
class Trickle:
    """What was asked, and what came back."""

    door: proxied.Door
    path: str
    pause: float
    probes: list[Probe] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def errors(self) -> int:
        """How many were broken."""
        return sum(checks.look_at(probe).word == "broken" for probe in self.probes)

    @property
    def metric(self) -> Metric:
        """Each request as a measurement: only a broken one is bad."""
        looks = [(probe, checks.look_at(probe)) for probe in list(self.probes)]
        measured = (
            Measurement(Phase.FAILED if look.word == "broken" else Phase.PASSED, f"{probe.url} {look.text}")
            for probe, look in looks
        )
        return Metric("requests", tuple(measured))

    @property
    def times(self) -> list[float]:
        """What those that were answered took, in milliseconds."""
        return [probe.milliseconds for probe in list(self.probes) if probe.status]

    def _ask(self) -> None:
        while not self.stop.is_set():
            began = time.monotonic()
            self.probes.append(proxied.get(self.door, self.path, deadline=DEADLINE))
            self.stop.wait(max(self.pause - (time.monotonic() - began), 0.01))


@contextmanager
def trickling(door: proxied.Door, path: str, *, seconds: float, wanted: int) -> Iterator[Trickle]:
    """Ask so often that `wanted` requests come together in so many seconds."""
    found = Trickle(door, path, PROBERS * seconds / max(wanted, 1))
    with ThreadPoolExecutor(PROBERS) as pool:
        try:
            for _ in range(PROBERS):
                pool.submit(found._ask)
            yield found
        finally:
            found.stop.set()
