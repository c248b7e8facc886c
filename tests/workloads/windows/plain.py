"""A window as the tests write it, as the engine knows it."""

from __future__ import annotations

from datetime import timedelta

from tests.workloads.windows.brute import Plain
from workloads.windows import Kind, Once, Recurring, Window, read, wall, zone_of


def window(plain: Plain, name: str = "it") -> Window:
    zone, length = zone_of(plain.zone), timedelta(days=plain.days, minutes=plain.minutes)
    if plain.rule:
        return Window(name, name, Kind(plain.kind), Recurring(read(plain.rule), plain.start, length, zone))
    start = wall.instant(plain.start, zone)
    return Window(name, name, Kind(plain.kind), Once(start, wall.after(plain.start, length, zone) if plain.length else None))
