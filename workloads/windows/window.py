"""A window: what it does to changes, and the stretches of time it covers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from controlplane.core.errors import Invalid
from workloads.windows import wall
from workloads.windows.expansion import recurrences
from workloads.windows.reading import Rule

MARGIN = timedelta(days=2)  # more than any clock is ever away from UTC, or put forward
LONGEST = timedelta(days=366)  # of what recurs
YEARS = (1970, 2200)


class Kind(StrEnum):
    """What a window does while it lasts."""

    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Stretch:
    """From a moment (included) to another (not included), in UTC; without an end it stays."""

    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Once:
    """One absolute span, such as a freeze; without an end it lasts until somebody ends it."""

    start: datetime
    end: datetime | None

    def stretches(self, since: datetime, before: datetime) -> Iterator[Stretch]:
        """The one stretch, unless it is over by `since` or begins only after `before`."""
        if (self.end is None or (self.end > since and self.end > self.start)) and self.start < before:
            yield Stretch(self.start, self.end)

    def ends_before(self, moment: datetime) -> bool:
        """Whether nothing more comes from this moment on."""
        return self.start < moment


@dataclass(frozen=True, slots=True)
class Recurring:
    """A rule with its start in the wall-clock time of a zone, and how long each recurrence lasts.

    Invalid where it could not be reckoned. `until`: no recurrence begins after this moment, beside the rule's own UNTIL.
    """

    rule: Rule
    first: datetime
    length: timedelta
    zone: ZoneInfo
    until: datetime | None = None

    def __post_init__(self) -> None:
        if not timedelta(minutes=1) <= self.length <= LONGEST:
            raise Invalid("A window that recurs lasts at least a minute and at most a year.", cure="Change how long it lasts.")
        if not YEARS[0] <= self.first.year <= YEARS[1]:
            raise Invalid(f"A window starts in the years {YEARS[0]} to {YEARS[1]}.", cure="Change its first day.")

    def stretches(self, since: datetime, before: datetime) -> Iterator[Stretch]:
        """Those that end after `since` and begin before `before`, by their starts.

        A start that no clock shows (the hour skipped in spring) is left out and not counted (RFC 5545, 3.3.10).
        """
        counted = 0
        looked_from = self.first if self.rule.count else (since.replace(tzinfo=None) - self.length - MARGIN)
        for ended, locals_ in recurrences(self.rule, self.first, looked_from.date()):
            for local in locals_:
                if not wall.is_shown(local, self.zone):
                    continue
                start = wall.instant(local, self.zone)
                counted += 1
                if self._is_past(start, counted) or start >= before:
                    return
                end = wall.after(local, self.length, self.zone)
                if end > since:
                    yield Stretch(start, end)
            if datetime(ended.year, ended.month, ended.day) - MARGIN > before.replace(tzinfo=None):
                return

    def ends_before(self, moment: datetime) -> bool:
        """Whether no recurrence begins from this moment on, as far as COUNT and UNTIL tell."""
        limit = min((end for end in (self.rule.until, self.until) if end), default=None)
        if limit is not None and limit < moment:
            return True
        return self.rule.count is not None and self._all_counted(moment)

    def _is_past(self, start: datetime, counted: int) -> bool:
        limits = [limit for limit in (self.rule.until, self.until) if limit is not None]
        return any(start > limit for limit in limits) or (self.rule.count is not None and counted > self.rule.count)

    def _all_counted(self, moment: datetime) -> bool:
        everything = self.stretches(wall.instant(self.first, self.zone) - MARGIN, moment)
        return sum(1 for _ in everything) >= (self.rule.count or 0)


@dataclass(frozen=True, slots=True)
class Window:
    """When changes may begin (allow), or may not (deny). `key` and `name` say which one it is."""

    key: str
    name: str
    kind: Kind
    times: Once | Recurring
