"""CPU and memory of every process, and the requests its instance answered, every few seconds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from workloads.adapters import processes
from workloads.adapters.processes import Identity, Usage
from workloads.host.fleet import Copy
from workloads.host.traffic import Book, Seen
from workloads.host.wanted import WEB
from workloads.models import Sample


class Sampler:
    """Remembers the CPU seconds of the sample before; the first sample of a process has no CPU share."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._before: dict[Identity, tuple[float, Usage]] = {}

    def take(self, copies: Iterable[Copy], at: datetime, now: float) -> list[Sample]:
        """One sample for each living process; `now` is of a monotonic clock."""
        taken: list[Sample] = []
        measured: dict[Identity, tuple[float, Usage]] = {}
        for copy in copies:
            for name, process in list(copy.processes.items()):
                usage = processes.usage(process.identity) if process.identity else None
                if process.identity is None or usage is None:
                    continue
                measured[process.identity] = (now, usage)
                share = self._share(process.identity, now, usage)
                seen = self._book[copy.id].take() if name == WEB else None
                taken.append(_sample(copy.id, name, at, share, usage, seen))
        self._before = measured
        return taken

    def _share(self, identity: Identity, now: float, usage: Usage) -> float | None:
        if identity not in self._before:
            return None
        then, before = self._before[identity]
        # A child that ended takes its seconds with it: the difference can be negative, which is no data.
        spent = usage.cpu_seconds - before.cpu_seconds
        return 100 * spent / (now - then) if now > then and spent >= 0 else None


def _sample(instance: int, name: str, at: datetime, share: float | None, usage: Usage, seen: Seen | None) -> Sample:
    return Sample(
        instance_id=instance,
        at=at,
        process=name,
        cpu_percent=share,
        memory_bytes=usage.memory_bytes,
        requests=seen.requests if seen else None,
        errors=seen.errors if seen else None,
        latency_p99_ms=seen.latency_p99_ms if seen else None,
    )
