"""Rules that are wrong, or too much to search, are refused with how to mend them; odd ones are answered in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from controlplane.core.errors import Invalid
from tests.workloads.windows.plain import window
from tests.workloads.windows.test_standing import DAILY, allow
from workloads.windows import Recurring, expansion, read, standing, zone_of

EVERY_MINUTE = ",".join(map(str, range(60)))


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("", "no part"),
        ("every Monday", "no part"),
        ("FREQ=SECONDLY", "too often"),
        ("FREQ=MINUTELY", "too often"),
        ("FREQ=HOURLY;INTERVAL=5", "too often"),
        ("FREQ=FORTNIGHTLY", "how often"),
        ("BYDAY=MO", "how often"),
        ("FREQ=DAILY;BYSECOND=1,2", "full minute"),
        (f"FREQ=DAILY;BYHOUR=0,1;BYMINUTE={EVERY_MINUTE}", "times a day"),
        ("FREQ=DAILY;" + "BYDAY=MO;" * 200_000, "characters"),
        ("FREQ=DAILY;COUNT=1000000", "1 to 1,000"),
        ("FREQ=DAILY;COUNT=0", "1 to 1,000"),
        ("FREQ=DAILY;INTERVAL=0", "1 to 1,000"),
        ("FREQ=DAILY;INTERVAL=-1", "1 to 1,000"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20300101T000000Z", "not by both"),
        ("FREQ=DAILY;UNTIL=20300101T000000", "Z for UTC"),
        ("FREQ=DAILY;UNTIL=20300101", "Z for UTC"),
        ("FREQ=DAILY;UNTIL=20301340T000000Z", "Z for UTC"),
        ("FREQ=WEEKLY;BYDAY=1MO", "position"),
        ("FREQ=WEEKLY;BYDAY=XX", "no day"),
        ("FREQ=MONTHLY;BYDAY=0MO", "no day"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "does not go with"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "does not go with"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "does not go with"),
        ("FREQ=DAILY;BYSETPOS=1", "does not go with"),
        ("FREQ=MONTHLY;BYSETPOS=1", "chooses among"),
        ("FREQ=DAILY;BYHOUR=24", "0 to 23"),
        ("FREQ=DAILY;BYHOUR=-1", "0 to 23"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "1 to 31"),
        ("FREQ=YEARLY;BYMONTH=13", "1 to 12"),
        ("FREQ=YEARLY;BYEASTER=0", "no part"),
        ("FREQ=DAILY;FREQ=WEEKLY", "twice"),
        ("FREQ=WEEKLY;WKST=1", "no day"),
        ("DTSTART:20260101T000000Z\nRRULE:FREQ=DAILY", "no part"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_with_its_cure(rule: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(rule)
    assert says in str(refused.value)
    assert refused.value.cure
    assert len(str(refused.value)) < 300


def test_a_rule_may_stand_with_its_prefix_and_in_small_letters() -> None:
    assert read("rrule:freq=weekly;byday=mo,-1fr".replace("-1fr", "fr")) == read("FREQ=WEEKLY;BYDAY=MO,FR")


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "CET " * 100])
def test_a_zone_that_there_is_not_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="no time zone"):
        zone_of(name)


@pytest.mark.parametrize(
    ("first", "length"),
    [("2026-01-01T00:00", timedelta()), ("2026-01-01T00:00", timedelta(days=400)), ("1900-01-01T00:00", timedelta(hours=1))],
)
def test_times_that_make_no_sense_are_refused(first: str, length: timedelta) -> None:
    with pytest.raises(Invalid):
        Recurring(read(DAILY), datetime.fromisoformat(first), length, zone_of("UTC"))


@pytest.mark.parametrize(
    "rule", [DAILY, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=WEEKLY;INTERVAL=7", "FREQ=MONTHLY;INTERVAL=5;BYDAY=5MO"]
)
def test_a_rule_from_long_ago_asks_for_no_more_periods_than_are_searched(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[object]()
    within = expansion._within

    def counting(*given: object) -> object:
        asked.append(given)
        return within(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(expansion, "_within", counting)
    standing([window(allow(rule, "1970-01-05T09:00", "1:00"))], datetime(2026, 5, 4, 12, tzinfo=UTC))
    assert len(asked) < 12 * 12  # ten years of months, and a little
