"""The parts that reckon: routes, quiet hours on both clock changes, pauses, words."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from workloads.notices import patience, quiet, wording
from workloads.notices.quiet import Hours
from workloads.notices.routing import Told, Way, fits, route

NIGHT = Hours(time(22), time(7), "Europe/Madrid", frozenset({"incident_opened"}))
MADRID = ZoneInfo("Europe/Madrid")
TOLD = Told("run_failed", "warning", application=1, environment=2, tier="production")


@pytest.mark.parametrize(
    ("way", "taken"),
    [
        (Way(1, 1), True),
        (Way(1, 1, kinds=frozenset({"run_failed"})), True),
        (Way(1, 1, kinds=frozenset({"run_succeeded"})), False),
        (Way(1, 1, application=1), True),
        (Way(1, 1, application=9), False),
        (Way(1, 1, environment=2), True),
        (Way(1, 1, environment=9), False),
        (Way(1, 1, tier="production"), True),
        (Way(1, 1, tier="staging"), False),
        (Way(1, 1, minimum_severity="warning"), True),
        (Way(1, 1, minimum_severity="critical"), False),
    ],
)
def test_a_route_is_taken_where_everything_it_names_fits(way: Way, taken: bool) -> None:
    assert fits(way, TOLD) is taken


def test_a_channel_is_told_once_however_many_routes_lead_there() -> None:
    ways = [Way(5, 1, tier="staging"), Way(6, 1), Way(7, 1), Way(8, 2)]
    assert [way.route for way in route(ways, TOLD)] == [6, 8]


def test_what_is_about_no_environment_takes_no_route_of_one() -> None:
    told = Told("finding_critical", "critical", application=1)
    assert [fits(Way(1, 1, **of), told) for of in ({}, {"environment": 2}, {"tier": "production"})] == [True, False, False]


@pytest.mark.parametrize(
    ("wall", "ends"),
    [
        ("2026-06-01T21:59:59", None),
        ("2026-06-01T22:00:00", "2026-06-02T07:00:00"),
        ("2026-06-02T06:59:59", "2026-06-02T07:00:00"),
        ("2026-06-02T07:00:00", None),
        ("2026-03-28T23:00:00", "2026-03-29T07:00:00"),  # the night that is an hour shorter
        ("2026-10-24T23:00:00", "2026-10-25T07:00:00"),  # the night that is an hour longer
    ],
)
def test_quiet_hours_follow_the_clock_on_the_wall(wall: str, ends: str | None) -> None:
    now = datetime.fromisoformat(wall).replace(tzinfo=MADRID)
    expected = datetime.fromisoformat(ends).replace(tzinfo=MADRID) if ends else None
    assert quiet.ends(NIGHT, now, "run_failed") == expected


def test_a_kind_that_breaks_through_is_told_at_night() -> None:
    midnight = datetime(2026, 6, 1, 22, tzinfo=UTC)
    assert quiet.ends(NIGHT, midnight, "incident_opened") is None
    assert quiet.ends(None, midnight, "run_failed") is None


def test_an_end_that_the_clocks_leap_over_is_the_leap() -> None:
    hours = Hours(time(22), time(2, 30), "Europe/Madrid")
    assert quiet.ends(hours, datetime(2026, 3, 28, 23, tzinfo=UTC), "x") == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_an_end_that_comes_twice_is_the_second() -> None:
    hours = Hours(time(22), time(2, 30), "Europe/Madrid")
    assert quiet.ends(hours, datetime(2026, 10, 24, 23, tzinfo=UTC), "x") == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"])
def test_every_minute_of_the_nights_around_the_clock_changes_ends_at_the_first_minute_that_is_not_quiet(zone: str) -> None:
    hours = Hours(time(22, 15), time(6, 45), zone)
    for day in (datetime(2026, 3, 8), datetime(2026, 3, 29), datetime(2026, 4, 5), datetime(2026, 10, 4), datetime(2026, 11, 1)):
        moments = [day.replace(tzinfo=UTC) - timedelta(days=1) + timedelta(minutes=minute) for minute in range(0, 3 * 1440, 5)]
        ends = [quiet.ends(hours, moment, "x") for moment in moments]
        for moment, end, after in zip(moments, ends, ends[1:], strict=False):
            wall = moment.astimezone(ZoneInfo(zone)).time()
            assert (end is not None) == (wall >= hours.begin or wall < hours.end), (zone, moment)
            if end is not None and after is None:
                assert moment < end <= moment + timedelta(minutes=5)


def test_pauses_double_and_are_spread_by_chance() -> None:
    assert [patience.pause(attempt, 1.0) for attempt in (1, 2, 3, 20)] == [5, 10, 20, 3600]
    assert patience.pause(3, 0.0) == 10
    assert patience.pause(1, 1.0, retry_after=60) == 60
    assert patience.pause(9, 1.0, retry_after=1) > 60
    assert patience.rest(1) == 5
    assert patience.rest(50) == patience.LONGEST_REST


@pytest.mark.parametrize("text", ["a\r\nBcc: x", "a\x00b", "a\u202eb", "a\u200bb", "a\u2028b", "\ufeffa", "a\x1b[31mb"])
def test_a_title_is_one_line_of_what_can_be_seen(text: str) -> None:
    line = wording.line(text)
    assert wording.UNSEEN.search(line) is None
    assert "a" in line


def test_what_is_folded_is_counted_and_named_up_to_ten() -> None:
    assert wording.title("Run 7 failed", 3) == "Run 7 failed (and 3 more)"
    text = wording.text("It failed.", [f"Run {number}" for number in range(12)], 12, [])
    assert text.splitlines()[-1] == "- and 2 more"
    assert "- Run 9" in text
