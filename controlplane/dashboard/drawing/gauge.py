"""What is used against what was asked for and what is allowed: a small bar, and always its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

WIDTH = 72.0
NEAR = 0.9  # of the limit


@dataclass(frozen=True, slots=True)
class Gauge:
    """How long the bar is, where the mark of what was asked for stands (None: nothing was), and what it means."""

    used: float
    asked: float | None
    meaning: Literal["ok", "warn", "bad"]


def gauge(used: float, requested: float | None, limit: float | None) -> Gauge | None:
    """The bar; None where there is nothing to compare with. Full is the limit, or else what is the most of all."""
    known = [value for value in (requested, limit) if value]
    if not known:
        return None
    full = max(used, *known)
    meaning: Literal["ok", "warn", "bad"] = "ok"
    if limit and used >= NEAR * limit:
        meaning = "bad"
    elif requested and used > requested:
        meaning = "warn"
    return Gauge(round(WIDTH * used / full, 1), round(WIDTH * requested / full, 1) if requested else None, meaning)


def cores(amount: float) -> str:
    """Cores as Kubernetes writes them: 250m, 1.5."""
    if amount >= 1:
        return f"{amount:.2f}".rstrip("0").rstrip(".")
    return f"{round(amount * 1000)}m" if amount >= 0.0005 or amount == 0 else "1m"
