"""Sparklines: a few numbers as a small drawing; a gap stays a gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, BAR = 120, 20, 3


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a health sparkline."""

    x: int
    y: int
    height: int
    bad: bool


def health(buckets: Sequence[tuple[int, int] | None]) -> tuple[Bar, ...]:
    """Bars of (requests, errors): height by requests on a root scale, marked where any failed; None leaves a gap."""
    most = max((bucket[0] for bucket in buckets if bucket), default=0)
    bars = []
    for index, bucket in enumerate(buckets):
        if bucket is None:
            continue
        share = (bucket[0] / most) ** 0.5 if most else 0
        height = max(2, round(share * HEIGHT))
        bars.append(Bar(index * (BAR + 1), HEIGHT - height, height, bucket[1] > 0))
    return tuple(bars)


def line(values: Sequence[float | None], top: float | None = None) -> str:
    """An SVG path through the values, scaled to their largest (or `top`); None breaks the line."""
    known = [value for value in values if value is not None]
    most = max([*known, top or 0, 1e-9])
    step = WIDTH / max(len(values) - 1, 1)
    path, pen = [], "M"
    for index, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        path.append(f"{pen}{index * step:.1f} {HEIGHT - 1 - value / most * (HEIGHT - 2):.1f}")
        pen = "L"
    return "".join(path)
