"""Series of measurements: where they leave their usual level, by how much, and since when. Robust against single points."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from workloads.unchecked import Table, dig, word

LONGEST = 5000
LATEST = 1e12


@dataclass(frozen=True, slots=True)
class Shift:
    """How a series leaves its usual level. `usual` is its lower quartile, `level` the highest median of a window that lasts."""

    usual: float
    level: float
    score: float
    onset: float
    until: float
    last: float

    @property
    def rise(self) -> float:
        """By how much, in the unit of the series."""
        return self.level - self.usual

    @property
    def ratio(self) -> float:
        """By what factor; 1 when the series is flat."""
        return self.level / max(self.usual, 1e-9) if self.level > 0 else 1.0


def points(series: Table) -> list[tuple[float, float]]:
    """(time, value) of a series of Prometheus, without what is no number."""
    values = dig(series, "values")
    found = []
    for pair in values[:LONGEST] if isinstance(values, list) else ():
        if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], int | float) and abs(pair[0]) < LATEST:
            value = _number(word({"v": pair[1]}, "v"))
            if value is not None:
                found.append((float(pair[0]), value))
    return found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def quantile(values: Iterable[float], share: float) -> float:
    """The value below which that share of the values lies; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def shift(found: list[tuple[float, float]]) -> Shift | None:
    """The upward shift of a series, None when it is too short.

    After BARO (Pham et al., 2024): the deviation from the usual level in units of its interquartile range; the usual level is
    taken from the lower half of the values, so that it need not be known when the trouble began.
    """
    found = settled(found)
    values = [value for _, value in found]
    if len(values) < 8:
        return None
    ordered = sorted(values)
    lower = ordered[: max(4, len(ordered) // 2)]
    usual = quantile(lower, 0.5)
    spread = max(quantile(lower, 0.75) - quantile(lower, 0.25), 0.02 * usual, 1e-6)
    width = max(3, len(values) // 10)
    level = max(quantile(values[at : at + width], 0.5) for at in range(len(values) - width + 1))
    half = usual + (level - usual) / 2
    high = [moment for moment, value in found if value >= half]
    return Shift(
        usual, level, (level - usual) / spread, high[0] if high else 0.0, high[-1] if high else 0.0, quantile(values[-3:], 0.5)
    )


def settled(found: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The series without its warm-up: from its quietest window in the first half on. What only falls shows no trouble."""
    width = max(3, len(found) // 10)
    first_half = range(max(1, len(found) // 2 - width))
    quietest = min(first_half, key=lambda at: (quantile((value for _, value in found[at : at + width]), 0.5), at))
    first, calm = (quantile((value for _, value in found[at : at + width]), 0.5) for at in (0, quietest))
    return found[quietest:] if first > 2.5 * calm else found
