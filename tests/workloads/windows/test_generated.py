"""Windows made up at random answer as a search minute by minute does, across changes of clocks in odd zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from tests.workloads.windows.brute import Plain, edges
from tests.workloads.windows.plain import window
from workloads.windows import spans, standing

# Where clocks change, both times of a year, and about when.
CHANGES = {
    "Europe/Madrid": ("2026-03-29T02", "2026-10-25T02"),
    "America/New_York": ("2026-03-08T02", "2026-11-01T01"),
    "America/St_Johns": ("2026-03-08T02", "2026-11-01T01"),  # half an hour off the full one
    "Australia/Lord_Howe": ("2026-04-05T01", "2026-10-04T02"),  # clocks change by half an hour
    "Australia/Adelaide": ("2026-04-05T02", "2026-10-04T02"),
    "Pacific/Chatham": ("2026-04-05T03", "2026-09-27T03"),  # a quarter of an hour off
    "America/Santiago": ("2026-04-04T23", "2026-09-06T00"),  # clocks change at midnight
    "Asia/Kathmandu": ("2026-03-29T02", "2026-10-25T02"),  # they do not change
}
AHEAD = timedelta(days=6)
LENGTHS = ("0:30", "1:00", "2:30", "7:00", "23:00", "1d", "1d1:00", "3d")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
CASES = 160


@pytest.mark.parametrize("seed", range(CASES))
def test_every_edge_is_the_one_found_minute_by_minute(seed: int) -> None:
    plain, now = situation(Random(seed))
    end = now.replace(second=0) + AHEAD
    open_, expected = edges(plain, now, end)
    windows = [window(one) for one in plain]
    drawn = spans(windows, now, end)
    assert (drawn[0].open, [span.start for span in drawn[1:]]) == (open_, expected)
    assert (drawn[0].start, drawn[-1].end) == (now, end)
    for moment, following in zip([now, *expected], [*expected, None], strict=True):
        found = standing(windows, moment)
        assert found.open == open_
        assert (found.until if found.until is not None and found.until < end else None) == following
        open_ = not open_


def situation(chance: Random) -> tuple[list[Plain], datetime]:
    """One to three windows of one zone or several, and a moment shortly before a change of its clocks."""
    zone = chance.choice(sorted(CHANGES))
    which = chance.randrange(2)
    change = datetime.fromisoformat(CHANGES[zone][which])
    now = change.replace(tzinfo=UTC) - timedelta(minutes=chance.randrange(3 * 1440), seconds=chance.choice([0, 1, 59]))
    zones = [zone, *([chance.choice(sorted(CHANGES))] if chance.random() < 0.3 else [])]
    return [_window(chance, chance.choice(zones), change) for _ in range(chance.choice([1, 1, 2, 2, 3]))], now


def _window(chance: Random, zone: str, change: datetime) -> Plain:
    near = change.replace(minute=chance.choice([0, 15, 30, 45])) + timedelta(hours=chance.choice([-1, 0, 0, 0, 1]))
    first = near - timedelta(days=chance.choice([0, 1, 2, 3, 7, 14]))
    rule = _rule(chance, change)
    kind = chance.choice(["allow", "allow", "deny"])
    return Plain(kind, rule, f"{first:%Y-%m-%dT%H:%M}", chance.choice(LENGTHS), zone)


def _rule(chance: Random, change: datetime) -> str:
    days = ",".join(chance.sample(DAYS, chance.randint(1, 5)))
    hours = f"BYHOUR={','.join(str(hour) for hour in sorted({change.hour, (change.hour + 1) % 24, 13}))};BYMINUTE=0,30"
    interval = chance.choice(["", "", ";INTERVAL=2", ";INTERVAL=3"])
    end = change + timedelta(days=chance.randint(-1, 5))
    ends = chance.choice(["", "", f";COUNT={chance.randint(1, 9)}", f";UNTIL={end:%Y%m%d}T013000Z"])
    of_month = chance.choice(["BYDAY=1SU", "BYDAY=-1SU", "BYDAY=SU,MO", "BYMONTHDAY=-1,5", "BYDAY=SA,SU;BYSETPOS=2,-1"])
    rules = [
        *["FREQ=DAILY" + interval + ends] * 3,
        f"FREQ=DAILY;{hours}{ends}",
        f"FREQ=WEEKLY;BYDAY={days}{interval}{chance.choice(['', ';WKST=SU'])}{ends}",
        f"FREQ=MONTHLY;{of_month}{ends}",
        f"FREQ=YEARLY;BYMONTH=3,4,10,11;BYDAY=SU,SA{ends}",
        "",
    ]
    return chance.choice(rules)
