"""Quiet hours: whether a moment lies in them, and when they end. Pure: no clock, no rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Hours:
    """From one time of the day until another, in a zone; past midnight where the end is not after the beginning."""

    begin: time
    end: time
    zone: str
    breaks_through: frozenset[str] = frozenset()


def ends(hours: Hours | None, now: datetime, kind: str) -> datetime | None:
    """When the quiet hours around `now` end, or None where nothing of this kind waits.

    Both are wall-clock times of the zone: a night in which the clocks change is an hour shorter or longer. A time that the
    clocks leap over counts as the moment of the leap; of one that comes twice, the begin is the first and the end the second.
    """
    if hours is None or kind in hours.breaks_through:
        return None
    today = now.astimezone(ZoneInfo(hours.zone)).date()
    for day in (today - timedelta(days=1), today):
        until = day + timedelta(days=1) if hours.end <= hours.begin else day
        begin = _moment(datetime.combine(day, hours.begin), hours.zone, fold=0)
        end = _moment(datetime.combine(until, hours.end), hours.zone, fold=1)
        if begin <= now < end:
            return end
    return None


def _moment(wall: datetime, name: str, fold: int) -> datetime:
    zone = ZoneInfo(name)
    local = wall.replace(tzinfo=zone, fold=fold)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    # In the gap: the offset from before it names a moment after the leap by as much as the wall time lies in the gap.
    before, after = (wall.replace(tzinfo=zone, fold=side).utcoffset() or timedelta() for side in (0, 1))
    low, high = sorted((wall.replace(tzinfo=UTC) - before, wall.replace(tzinfo=UTC) - after))
    return _leap(low, high, zone)


def _leap(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The moment between the two at which the zone's offset changes, to the second."""
    former = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == former else (low, middle)
    return high
