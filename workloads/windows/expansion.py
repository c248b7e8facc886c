"""When a rule recurs, in wall-clock time: dateutil is asked for one year (or month) at a time.

Asked so, each question ends by itself, whatever the rule: one that matches nothing (30 February) costs as many questions as
there are years to be searched, where dateutil by itself would go on to the year 9999. And a rule from 1970 is not counted through
from there. Days are counted on from the true start, so that an interval keeps its rhythm.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from dateutil.rrule import MONTHLY, YEARLY, rrule, weekday

from workloads.windows.reading import Rule

ONCE = 12 * 10_000  # as an interval: past the end of dateutil's calendar, so that it stops after one year, or one month
EVERY_DAY = tuple((0, day) for day in range(7))
WITHIN_THE_YEAR = ("BYMONTHDAY", "BYYEARDAY", "BYWEEKNO")


def recurrences(rule: Rule, first: datetime, since: date) -> Iterator[tuple[date, tuple[datetime, ...]]]:
    """Period by period from the one of `since` on: the day after it, and the wall-clock times at which the rule recurs in it.

    `first` is the DTSTART; nothing is before it. Clocks, COUNT and UNTIL are the caller's. Goes on to the end of the calendar:
    take no more than is wanted.
    """
    for period in _periods(rule, first, since):
        within = _within(rule, first, period)
        yield _next(rule, period), tuple(f for f in within if f >= first and _in_rhythm(rule, first.date(), f.date()))


def _periods(rule: Rule, first: datetime, since: date) -> Iterator[date]:
    begin = max(first.date(), since)
    period = begin.replace(day=1) if rule.frequency == "MONTHLY" else begin.replace(month=1, day=1)
    while period.year < date.max.year:
        yield period
        period = _next(rule, period)


def _next(rule: Rule, period: date) -> date:
    if rule.frequency != "MONTHLY":
        return period.replace(year=period.year + 1)
    return (period + timedelta(days=31)).replace(day=1)


def _within(rule: Rule, first: datetime, period: date) -> Iterator[datetime]:
    """What one year or month has, before the interval is looked at: daily and weekly rules are those days of a year."""
    monthly = rule.frequency == "MONTHLY"
    if monthly and not _in_rhythm(rule, first.date(), period):
        return iter(())
    found = rrule(
        MONTHLY if monthly else YEARLY,
        dtstart=datetime(period.year, period.month, 1),
        interval=ONCE,
        wkst=rule.week_starts,
        bymonth=_months(rule, first),
        bymonthday=_month_days(rule, first),
        byyearday=rule.by("BYYEARDAY") or None,
        byweekno=rule.by("BYWEEKNO") or None,
        byweekday=[weekday(day, position or None) for position, day in _days(rule, first)] or None,
        bysetpos=rule.by("BYSETPOS") or None,
        byhour=rule.by("BYHOUR") or first.hour,
        byminute=rule.by("BYMINUTE") or first.minute,
        bysecond=0,
    )
    return iter(found)


def _days(rule: Rule, first: datetime) -> tuple[tuple[int, int], ...]:
    """What a rule does not say is taken from its start (RFC 5545, 3.3.10)."""
    if rule.days:
        return rule.days
    if rule.frequency == "DAILY":
        return EVERY_DAY
    return ((0, first.weekday()),) if rule.frequency == "WEEKLY" or rule.by("BYWEEKNO") else ()


def _month_days(rule: Rule, first: datetime) -> tuple[int, ...] | None:
    if any(rule.by(part) for part in WITHIN_THE_YEAR) or _days(rule, first):
        return rule.by("BYMONTHDAY") or None
    return (first.day,)


def _months(rule: Rule, first: datetime) -> tuple[int, ...] | None:
    said = rule.by("BYMONTH")
    if said or rule.frequency != "YEARLY" or rule.days or any(rule.by(part) for part in WITHIN_THE_YEAR):
        return said or None
    return (first.month,)


def _in_rhythm(rule: Rule, first: date, day: date) -> bool:
    """Whether the day lies in one of the rule's periods: every second week, every third month."""
    passed = {
        "DAILY": lambda: (day - first).days,
        "WEEKLY": lambda: (_week(day, rule.week_starts) - _week(first, rule.week_starts)).days // 7,
        "MONTHLY": lambda: (day.year - first.year) * 12 + day.month - first.month,
        "YEARLY": lambda: day.year - first.year,
    }
    return passed[rule.frequency]() % rule.interval == 0


def _week(day: date, starts_on: int) -> date:
    return day - timedelta(days=(day.weekday() - starts_on) % 7)
