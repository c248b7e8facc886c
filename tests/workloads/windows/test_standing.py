"""Cases of windows, each with the answer a person would give; and each the one found minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tests.workloads.windows.brute import Plain, edges
from tests.workloads.windows.plain import window
from workloads.windows import HORIZON, Kind, Once, Window, openings, spans, standing

MADRID, YORK, INDIA = "Europe/Madrid", "America/New_York", "Asia/Kolkata"
HOWE, CHATHAM, NEPAL = "Australia/Lord_Howe", "Pacific/Chatham", "Asia/Kathmandu"
DAILY, WORKDAYS = "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH"
OFFICE = Plain("allow", WORKDAYS, "2026-01-05T09:00", "7:00")
NIGHT = Plain("allow", DAILY, "2026-01-01T01:30", "2:00")
GAP = Plain("allow", DAILY, "2026-01-01T02:30", "1:00")  # 02:30 is skipped in spring, and comes twice in autumn


def deny(rule: str, first: str, length: str, zone: str = MADRID) -> Plain:
    return Plain("deny", rule, first, length, zone)


def allow(rule: str, first: str, length: str, zone: str = MADRID) -> Plain:
    return Plain("allow", rule, first, length, zone)


# name: windows; when it is looked, in the zone of the first; open or closed, and until when (or never within what is searched)
CASES: dict[str, tuple[list[Plain], str, str]] = {
    "nothing is said": ([], "2026-05-04T10:00", "open for ever"),
    "within office hours": ([OFFICE], "2026-05-04T10:00", "open 2026-05-04T16:00"),
    "at the first second": ([OFFICE], "2026-05-04T09:00", "open 2026-05-04T16:00"),
    "a second before": ([OFFICE], "2026-05-04T08:59:59", "closed 2026-05-04T09:00"),
    "at the last second": ([OFFICE], "2026-05-04T15:59:59", "open 2026-05-04T16:00"),
    "at the end": ([OFFICE], "2026-05-04T16:00", "closed 2026-05-05T09:00"),
    "over the weekend": ([OFFICE], "2026-05-07T16:00", "closed 2026-05-11T09:00"),
    "before the first day": ([OFFICE], "2026-01-01T10:00", "closed 2026-01-05T09:00"),
    "the Monday after clocks go forward": ([OFFICE], "2026-03-27T12:00", "closed 2026-03-30T09:00"),
    "the Monday after clocks go back": ([OFFICE], "2026-10-23T12:00", "closed 2026-10-26T09:00"),
    "spring: two hours are two hours": ([NIGHT], "2026-03-29T01:45", "open 2026-03-29T04:30"),
    "autumn: two hours are two hours": ([NIGHT], "2026-10-25T01:45", "open 2026-10-25T02:30+01:00"),
    "spring: a start that no clock shows is left out": ([GAP], "2026-03-28T03:30", "closed 2026-03-30T02:30"),
    "autumn: a start shown twice is the first": ([GAP], "2026-10-25T00:00", "closed 2026-10-25T02:30+02:00"),
    "autumn: it does not begin again an hour later": ([GAP], "2026-10-25T02:30+01:00", "closed 2026-10-26T02:30"),
    "spring: a day is a day of the calendar": ([allow(DAILY, "2026-03-01T12:00", "1d")], "2026-03-28T13:00", "open for long"),
    "spring: from noon to noon has 23 hours": (
        [allow("FREQ=WEEKLY", "2026-03-28T12:00", "1d")], "2026-03-28T13:00", "open 2026-03-29T12:00"),
    "spring: 23 hours end at noon": (
        [allow("FREQ=WEEKLY", "2026-03-28T12:00", "23:00")], "2026-03-28T13:00", "open 2026-03-29T12:00"),
    "autumn: from noon to noon has 25 hours": (
        [allow("FREQ=WEEKLY", "2026-10-24T12:00", "1d")], "2026-10-24T13:00", "open 2026-10-25T12:00"),
    "autumn: a day and two hours": (
        [allow("FREQ=WEEKLY", "2026-10-24T01:00", "1d2:00")], "2026-10-24T13:00", "open 2026-10-25T02:00+01:00"),
    "New York, spring": ([allow(DAILY, "2026-01-01T01:00", "2:00", YORK)], "2026-03-08T01:30", "open 2026-03-08T04:00"),
    "New York, autumn, shown twice": (
        [allow(DAILY, "2026-01-01T01:30", "0:30", YORK)], "2026-11-01T00:00", "closed 2026-11-01T01:30-04:00"),
    "New York, the gap": ([allow(DAILY, "2026-01-01T02:15", "1:00", YORK)], "2026-03-07T12:00", "closed 2026-03-09T02:15"),
    "India does not change": ([allow(DAILY, "2026-01-01T09:00", "1:00", INDIA)], "2026-03-29T08:00", "closed 2026-03-29T09:00"),
    "India is half an hour off": (
        [allow(DAILY, "2026-01-01T09:00", "1:00", INDIA)], "2026-03-29T03:29:59+00:00", "closed 2026-03-29T03:30+00:00"),
    "Nepal is three quarters off": (
        [allow(DAILY, "2026-01-01T09:00", "1:00", NEPAL)], "2026-03-29T03:00+00:00", "closed 2026-03-29T03:15+00:00"),
    "Lord Howe, autumn: half an hour comes twice": (
        [allow(DAILY, "2026-01-01T01:45", "0:30", HOWE)], "2026-04-05T00:00", "closed 2026-04-05T01:45+11:00"),
    "Lord Howe, autumn: half an hour on, it is the same time": (
        [allow(DAILY, "2026-01-01T01:45", "0:30", HOWE)], "2026-04-05T01:45+11:00", "open 2026-04-05T01:45+10:30"),
    "Lord Howe, spring: a quarter past two is skipped": (
        [allow(DAILY, "2026-01-01T02:15", "1:00", HOWE)], "2026-10-03T12:00", "closed 2026-10-05T02:15"),
    "Lord Howe, spring: half past two is there": (
        [allow(DAILY, "2026-01-01T02:30", "1:00", HOWE)], "2026-10-03T12:00", "closed 2026-10-04T02:30"),
    "Lord Howe, spring: an hour across half an hour": (
        [allow(DAILY, "2026-01-01T01:30", "1:00", HOWE)], "2026-10-04T01:45", "open 2026-10-04T03:00"),
    "Chatham, spring: three o'clock is skipped": (
        [allow(DAILY, "2026-01-01T03:00", "1:00", CHATHAM)], "2026-09-26T12:00", "closed 2026-09-28T03:00"),
    "Santiago, where midnight is skipped": (
        [allow(DAILY, "2026-01-01T00:00", "1:00", "America/Santiago")], "2026-09-05T12:00", "closed 2026-09-07T00:00"),
    "overlapping: open until the later ends": (
        [OFFICE, allow(DAILY, "2026-01-01T15:00", "3:00")], "2026-05-04T10:00", "open 2026-05-04T18:00"),
    "adjacent: no gap between": (
        [OFFICE, allow(DAILY, "2026-01-01T16:00", "1:00")], "2026-05-04T10:00", "open 2026-05-04T17:00"),
    "one within another": ([OFFICE, allow(DAILY, "2026-01-01T10:00", "1:00")], "2026-05-04T10:30", "open 2026-05-04T16:00"),
    "overlapping itself": ([allow(DAILY, "2026-01-01T09:00", "1d2:00")], "2026-05-04T09:00", "open for long"),
    "two zones": (
        [OFFICE, allow(WORKDAYS, "2026-01-05T09:00", "7:00", YORK)], "2026-05-04T10:00", "open 2026-05-04T22:00"),
    "two zones in the weeks between their changes": (
        [OFFICE, allow(WORKDAYS, "2026-01-05T09:00", "7:00", YORK)], "2026-03-10T10:00", "open 2026-03-10T21:00"),
    "deny beats allow": ([OFFICE, deny(DAILY, "2026-01-01T12:00", "1:00")], "2026-05-04T12:30", "closed 2026-05-04T13:00"),
    "deny cuts it short": ([OFFICE, deny(DAILY, "2026-01-01T12:00", "1:00")], "2026-05-04T10:00", "open 2026-05-04T12:00"),
    "deny over its end": ([OFFICE, deny(DAILY, "2026-01-01T15:00", "2:00")], "2026-05-04T15:30", "closed 2026-05-05T09:00"),
    "deny over its start": ([OFFICE, deny(DAILY, "2026-01-01T08:00", "2:00")], "2026-05-04T08:30", "closed 2026-05-04T10:00"),
    "deny all through": ([OFFICE, deny(DAILY, "2026-01-01T08:00", "9:00")], "2026-05-04T08:30", "closed for long"),
    "deny without allow": ([deny(DAILY, "2026-01-01T12:00", "1:00")], "2026-05-04T13:00", "open 2026-05-05T12:00"),
    "two that deny, one after the other": (
        [deny(DAILY, "2026-01-01T12:00", "1:00"), deny(DAILY, "2026-01-01T13:00", "1:00")],
        "2026-05-04T12:00", "closed 2026-05-04T14:00"),
    "a freeze": ([deny("", "2026-08-01T00:00", "31d")], "2026-08-15T12:00", "closed 2026-09-01T00:00"),
    "before a freeze": ([deny("", "2026-08-01T00:00", "31d")], "2026-07-15T12:00", "open 2026-08-01T00:00"),
    "after a freeze": ([deny("", "2026-08-01T00:00", "31d")], "2026-09-01T00:00", "open for ever"),
    "a freeze across the change": ([deny("", "2026-10-24T00:00", "3d")], "2026-10-24T12:00", "closed 2026-10-27T00:00"),
    "a freeze from a time that no clock shows": (
        [deny("", "2026-03-29T02:30", "1:00")], "2026-03-29T01:00", "open 2026-03-29T03:30"),
    "a freeze without an end": ([OFFICE, deny("", "2026-05-01T00:00", "")], "2026-05-04T10:00", "closed for ever"),
    "a freeze ends at night": ([OFFICE, deny("", "2026-05-04T00:00", "1d4:00")], "2026-05-04T10:00", "closed 2026-05-05T09:00"),
    "one allowing span that is over": ([allow("", "2026-05-01T00:00", "1d")], "2026-05-04T10:00", "closed for ever"),
    "COUNT: the last one": ([allow(DAILY + ";COUNT=3", "2026-05-01T09:00", "1:00")], "2026-05-03T09:30", "open 2026-05-03T10:00"),
    "COUNT: none is left": ([allow(DAILY + ";COUNT=3", "2026-05-01T09:00", "1:00")], "2026-05-03T10:00", "closed for ever"),
    "COUNT: what no clock shows is not counted": (
        [allow(DAILY + ";COUNT=3", "2026-03-28T02:30", "1:00")], "2026-03-30T04:00", "closed 2026-03-31T02:30"),
    "COUNT of a denial": ([deny(DAILY + ";COUNT=2", "2026-05-01T09:00", "1:00")], "2026-05-02T10:00", "open for ever"),
    "UNTIL: to the second, included": (
        [allow(DAILY + ";UNTIL=20260503T070000Z", "2026-05-01T09:00", "1:00")], "2026-05-02T12:00", "closed 2026-05-03T09:00"),
    "UNTIL: a second less": (
        [allow(DAILY + ";UNTIL=20260503T065959Z", "2026-05-01T09:00", "1:00")], "2026-05-02T12:00", "closed for ever"),
    "UNTIL in UTC, across the change": (
        [allow(DAILY + ";UNTIL=20261026T080000Z", "2026-10-20T09:00", "1:00")], "2026-10-25T12:00", "closed 2026-10-26T09:00"),
    "every second week": (
        [allow("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "2026-05-04T09:00", "1:00")], "2026-05-05T12:00", "closed 2026-05-18T09:00"),
    "every third day from 1970 on": (
        [allow(DAILY + ";INTERVAL=3", "1970-01-01T09:00", "1:00")], "2026-05-03T12:00", "closed 2026-05-04T09:00"),
    "the first Monday of the month": (
        [allow("FREQ=MONTHLY;BYDAY=1MO", "2026-01-05T09:00", "1:00")], "2026-05-04T12:00", "closed 2026-06-01T09:00"),
    "the last workday of the month": (
        [allow("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-01-30T09:00", "1:00")],
        "2026-05-04T12:00", "closed 2026-05-29T09:00"),
    "the 31st, where there is one": (
        [allow("FREQ=MONTHLY;BYMONTHDAY=31", "2026-01-31T09:00", "1:00")], "2026-05-31T12:00", "closed 2026-07-31T09:00"),
    "30 February": (
        [allow("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "1970-01-01T09:00", "1:00")], "2026-05-04T12:00", "closed for long"),
    "Friday the 13th": (
        [allow("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "2026-01-01T09:00", "1:00")], "2026-05-04T12:00", "closed 2026-11-13T09:00"),
    "29 February": (
        [allow("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2024-02-29T09:00", "1:00")], "2026-05-04T12:00", "closed 2028-02-29T09:00"),
    "Christmas": ([deny("FREQ=YEARLY", "2020-12-24T00:00", "3d")], "2026-12-25T12:00", "closed 2026-12-27T00:00"),
    "always": ([allow(DAILY, "2026-01-01T00:00", "1d")], "2026-05-04T12:00", "open for long"),
    "twice a day": (
        [allow(DAILY + ";BYHOUR=9,15;BYMINUTE=30", "2026-01-01T09:30", "1:00")], "2026-05-04T10:30", "closed 2026-05-04T15:30"),
    "past midnight": ([allow(DAILY, "2026-01-01T22:00", "8:00")], "2026-05-04T03:00", "open 2026-05-04T06:00"),
    "past midnight of a weekday": (
        [allow("FREQ=WEEKLY;BYDAY=FR", "2026-01-02T22:00", "8:00")], "2026-05-09T03:00", "open 2026-05-09T06:00"),
}  # fmt: skip
FAR = timedelta(days=400)
NEAR = timedelta(days=12)


def moment(text: str, zone: ZoneInfo) -> datetime:
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def asked(name: str) -> tuple[list[Plain], datetime, bool, datetime | None, str]:
    plain, now, answer = CASES[name]
    zone = ZoneInfo(plain[0].zone) if plain else ZoneInfo(MADRID)
    word, _, until = answer.partition(" ")
    known = moment(until, zone) if until[0].isdigit() else None
    return plain, moment(now, zone), word == "open", known, until


@pytest.mark.parametrize("name", CASES)
def test_each_case_is_answered_right(name: str) -> None:
    plain, now, is_open, until, words = asked(name)
    found = standing([window(one, str(number)) for number, one in enumerate(plain)], now)
    assert (found.open, found.until) == (is_open, until)
    assert found.searched_until == (now + HORIZON if words == "for long" else None)


@pytest.mark.parametrize("name", [name for name in CASES if asked(name)[3] is None or asked(name)[3] - asked(name)[1] < NEAR])  # type: ignore[operator]
def test_each_case_is_the_one_found_minute_by_minute(name: str) -> None:
    plain, now, is_open, until, _words = asked(name)
    end = now.replace(second=0) + NEAR
    recent = [one for one in plain if now - one.start.replace(tzinfo=UTC) < FAR or "COUNT" not in one.rule]
    found, after = edges(recent, now, end)
    assert (found, after[0] if after else None) == (is_open, until)


def test_there_are_as_many_cases_as_were_promised() -> None:
    assert len(CASES) >= 60


def test_what_closes_is_named() -> None:
    freeze = Window("f", "Freeze", Kind.DENY, Once(datetime(2026, 5, 4, 12, tzinfo=UTC), datetime(2026, 5, 5, tzinfo=UTC)))
    office = window(OFFICE, "Office")
    now = datetime(2026, 5, 4, 10, tzinfo=UTC)
    found = standing([office, freeze], now)
    assert ([one.name for one in found.because], [one.name for one in found.then]) == (["Office"], ["Freeze"])
    later = standing([office, freeze], datetime(2026, 5, 4, 13, tzinfo=UTC))
    assert [one.name for one in later.because] == ["Freeze"]
    assert standing([office], datetime(2026, 5, 4, 20, tzinfo=UTC)).because == ()


def test_the_next_openings_of_a_window_are_exact_across_the_change() -> None:
    found = openings(window(OFFICE), datetime(2026, 3, 25, 12, tzinfo=UTC), 4)
    assert [f"{one.start:%d %H:%M}" for one in found] == ["25 08:00", "26 08:00", "30 07:00", "31 07:00"]
    assert len(openings(window(allow(DAILY + ";COUNT=3", "2026-05-01T09:00", "1:00")), datetime(2026, 5, 2, tzinfo=UTC))) == 2


def test_a_day_of_spans_has_no_gap() -> None:
    begin, end = datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)  # 29 March in Madrid: 23 hours
    found = spans([window(NIGHT)], begin, end)
    assert [span.open for span in found] == [False, True, False]
    assert all(earlier.end == later.start for earlier, later in pairwise(found))
    assert sum((span.end - span.start for span in found), timedelta()) == timedelta(hours=23)
