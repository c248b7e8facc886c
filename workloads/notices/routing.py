"""Which routes an announcement takes. Pure: no clock, no rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SEVERITIES = ("info", "warning", "critical")


@dataclass(frozen=True, slots=True)
class Told:
    """What a route looks at. Numbers are None, and the tier is empty, where it is about no application or environment."""

    kind: str
    severity: str
    application: int | None = None
    environment: int | None = None
    tier: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """One route: what it wants, and to which channel it leads. What is empty fits everything."""

    route: int
    channel: int
    kinds: frozenset[str] = frozenset()
    application: int | None = None
    environment: int | None = None
    tier: str = ""
    minimum_severity: str = "info"


def fits(way: Way, told: Told) -> bool:
    """Whether the announcement takes this way."""
    return (
        (not way.kinds or told.kind in way.kinds)
        and way.application in (None, told.application)
        and way.environment in (None, told.environment)
        and way.tier in ("", told.tier)
        and SEVERITIES.index(told.severity) >= SEVERITIES.index(way.minimum_severity)
    )


def route(ways: Iterable[Way], told: Told) -> list[Way]:
    """The ways it takes, one a channel: where several lead to the same, the first decides about quiet hours."""
    chosen: dict[int, Way] = {}
    for way in ways:
        if fits(way, told):
            chosen.setdefault(way.channel, way)
    return list(chosen.values())
