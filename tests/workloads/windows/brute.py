"""The same question answered the slow way: minute by minute, from what clocks show at each; shares no code with the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Plain:
    """A window as the tests write it: kind, rule (empty: once), start in wall-clock time, days and minutes, zone."""

    kind: str
    rule: str
    first: str
    length: str
    zone: str = "Europe/Madrid"

    @property
    def start(self) -> datetime:
        return datetime.fromisoformat(self.first)

    @property
    def days(self) -> int:
        return int(self.length.partition("d")[0]) if "d" in self.length else 0

    @property
    def minutes(self) -> int:
        hours = self.length.rpartition("d")[2]
        return sum(int(part) * size for part, size in zip(hours.split(":"), (60, 1), strict=False)) if hours else 0


def covered(window: Plain, begin: datetime, end: datetime) -> set[datetime]:
    """The minutes (UTC) from `begin` on and before `end` that the window covers."""
    zone, found, counted = ZoneInfo(window.zone), set[datetime](), 0
    if not window.rule:
        start = _first_shown(window.start.replace(tzinfo=UTC) - timedelta(days=2), window.start, zone)
        return set(_lasting(window, start, window.start, zone, begin, end))
    parts = dict(part.split("=") for part in window.rule.split(";"))
    until = datetime.strptime(parts["UNTIL"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if "UNTIL" in parts else None
    moment = datetime.combine(window.start.date() - timedelta(days=1), datetime.min.time(), UTC) if "COUNT" in parts else begin
    moment -= timedelta(days=window.days + 2, minutes=window.minutes)
    while moment < end:
        shown = moment.astimezone(zone)
        wall = shown.replace(tzinfo=None, fold=0)
        if shown.fold == 0 and _matches(parts, window.start, wall):
            counted += 1
            if (until is None or moment <= until) and counted <= int(parts.get("COUNT", 10**9)):
                found.update(_lasting(window, moment, wall, zone, begin, end))
        moment += MINUTE
    return found


def _lasting(window: Plain, start: datetime, wall: datetime, zone: ZoneInfo, begin: datetime, end: datetime) -> list[datetime]:
    if not window.length:
        return [max(start, begin) + MINUTE * number for number in range(int((end - max(start, begin)) / MINUTE))]
    last = _first_shown(start, wall + timedelta(days=window.days), zone) if window.days else start
    last += timedelta(minutes=window.minutes)
    first = max(start, begin)
    return [first + MINUTE * number for number in range(max(0, int((min(last, end) - first) / MINUTE)))]


def _first_shown(moment: datetime, wanted: datetime, zone: ZoneInfo) -> datetime:
    """The first moment at which clocks show it; skipped by clocks: as if they had not been put forward."""
    moment += (wanted.date() - moment.astimezone(zone).date()) - timedelta(days=1)
    before = moment
    for _ in range(3 * 24 * 60):
        shown = moment.astimezone(zone).replace(tzinfo=None, fold=0)
        if shown == wanted:
            return moment
        if shown > wanted:
            return before + (wanted - before.astimezone(zone).replace(tzinfo=None, fold=0))
        before, moment = moment, moment + MINUTE
    raise AssertionError


def _matches(parts: dict[str, str], first: datetime, wall: datetime) -> bool:
    """Whether a rule has this wall-clock minute."""
    if wall < first or not _at_this_time(parts, first, wall):
        return False
    if "BYSETPOS" in parts:
        return _at_position(parts, first, wall)
    return _on_this_day(parts, first, wall.date())


def _at_this_time(parts: dict[str, str], first: datetime, wall: datetime) -> bool:
    hours, minutes = parts.get("BYHOUR", str(first.hour)), parts.get("BYMINUTE", str(first.minute))
    return str(wall.hour) in hours.split(",") and str(wall.minute) in minutes.split(",")


def _at_position(parts: dict[str, str], first: datetime, wall: datetime) -> bool:
    """BYSETPOS of a month, with one time a day."""
    month = [date(wall.year, wall.month, day) for day in range(1, _length(wall.date()) + 1)]
    chosen = [day for day in month if _on_this_day(parts, first, day)]
    places = [int(text) for text in parts["BYSETPOS"].split(",")]
    return any(wall.date() == chosen[place - 1 if place > 0 else place] for place in places if abs(place) <= len(chosen))


def _length(day: date) -> int:
    return ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day


def _on_this_day(parts: dict[str, str], first: datetime, day: date) -> bool:
    interval, start, frequency = int(parts.get("INTERVAL", 1)), first.date(), parts["FREQ"]
    week = DAYS.index(parts.get("WKST", "MO"))
    monday = [d - timedelta(days=(d.weekday() - week) % 7) for d in (day, start)]
    passed = {
        "DAILY": (day - start).days,
        "WEEKLY": (monday[0] - monday[1]).days // 7,
        "MONTHLY": day.year * 12 + day.month - start.year * 12 - start.month,
        "YEARLY": day.year - start.year,
    }[frequency]
    if passed % interval:
        return False
    if "BYMONTH" in parts and str(day.month) not in parts["BYMONTH"].split(","):
        return False
    if "BYDAY" in parts and not any(_is_day(text, day, of_month=frequency == "MONTHLY") for text in parts["BYDAY"].split(",")):
        return False
    if "BYMONTHDAY" in parts:
        return any(int(text) in (day.day, day.day - _length(day) - 1) for text in parts["BYMONTHDAY"].split(","))
    return "BYDAY" in parts or _as_the_start(frequency, start, day)


def _is_day(text: str, day: date, *, of_month: bool) -> bool:
    if DAYS[day.weekday()] != text[-2:]:
        return False
    place = int(text[:-2]) if len(text) > 2 else 0
    assert of_month or not place
    return not place or place in ((day.day - 1) // 7 + 1, -((_length(day) - day.day) // 7 + 1))


def _as_the_start(frequency: str, start: date, day: date) -> bool:
    return {
        "DAILY": True,
        "WEEKLY": day.weekday() == start.weekday(),
        "MONTHLY": day.day == start.day,
        "YEARLY": (day.month, day.day) == (start.month, start.day),
    }[frequency]


def edges(windows: Sequence[Plain], now: datetime, end: datetime) -> tuple[bool, list[datetime]]:
    """Whether it is open at `now`, and every minute before `end` at which that becomes otherwise."""
    minute = now.replace(second=0)
    spread = [(window.kind, covered(window, minute, end)) for window in windows]
    allowing = [minutes for kind, minutes in spread if kind == "allow"]
    denying = [minutes for kind, minutes in spread if kind == "deny"]
    found = list[tuple[datetime, bool]]()
    while minute < end:
        allowed = not allowing or any(minute in minutes for minutes in allowing)
        is_open = allowed and not any(minute in minutes for minutes in denying)
        if not found or found[-1][1] != is_open:
            found.append((minute, is_open))
        minute += MINUTE
    return found[0][1], [moment for moment, _ in found[1:]]
