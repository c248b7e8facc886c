"""What the stable addresses saw: requests in flight, answered, failed, and how long they took."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

KEPT = 20_000  # latencies of one sample; beyond, the first ones stand for all


@dataclass(frozen=True, slots=True)
class Seen:
    """The requests answered in one span of time."""

    requests: int
    errors: int
    latency_p99_ms: float | None


@dataclass(slots=True)
class Traffic:
    """Counters of one instance."""

    in_flight: int = 0
    requests: int = 0
    errors: int = 0
    latencies: list[float] = field(default_factory=list)

    def answered(self, status: int, seconds: float) -> None:
        """Count one request; status 0 stands for no answer."""
        self.requests += 1
        self.errors += status == 0 or status >= 500
        if len(self.latencies) < KEPT:
            self.latencies.append(seconds * 1000)

    def take(self) -> Seen:
        """What was counted since the last call."""
        seen = Seen(self.requests, self.errors, percentile(self.latencies, 99))
        self.requests, self.errors, self.latencies = 0, 0, []
        return seen


class Book(defaultdict[int, Traffic]):
    """The traffic of each instance."""

    def __init__(self) -> None:
        super().__init__(Traffic)

    def drained(self, instance: int) -> bool:
        """Whether no request is under way at this instance."""
        return instance not in self or self[instance].in_flight == 0


def percentile(values: Sequence[float], rank: float) -> float | None:
    """The nearest-rank percentile; None of nothing."""
    if not values:
        return None
    return sorted(values)[max(math.ceil(len(values) * rank / 100) - 1, 0)]
