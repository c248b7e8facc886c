"""Windows in words, in English and in Spanish."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from django.utils import translation

from workloads import phrases
from workloads.models import Window

WORDS = [
    ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH", "Mondays to Thursdays 09:00 to 16:00, Europe/Madrid"),
    ("FREQ=WEEKLY;BYDAY=MO,WE", "Mondays and Wednesdays 09:00 to 16:00, Europe/Madrid"),
    ("FREQ=WEEKLY;BYDAY=SA,SU", "Saturdays and Sundays 09:00 to 16:00, Europe/Madrid"),
    ("FREQ=WEEKLY", "Mondays 09:00 to 16:00, Europe/Madrid"),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "Tuesdays every 2 weeks 09:00 to 16:00, Europe/Madrid"),
    ("FREQ=DAILY", "every day 09:00 to 16:00, Europe/Madrid"),
    ("FREQ=DAILY;INTERVAL=3;COUNT=4", "every 3 days, 4 times 09:00 to 16:00, Europe/Madrid"),
    ("FREQ=DAILY;BYHOUR=9,15", "every day from 09:00 and 15:00 for 7 hours, Europe/Madrid"),
    ("FREQ=MONTHLY;BYDAY=1MO", "the first Monday of the month 09:00 to 16:00, Europe/Madrid"),
    ("FREQ=MONTHLY;BYMONTHDAY=1,-1", "day 1 and the last day of the month 09:00 to 16:00, Europe/Madrid"),
    ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "Fridays that are day 13 of the month 09:00 to 16:00, Europe/Madrid"),
    ("FREQ=YEARLY", "day 5 of January 09:00 to 16:00, Europe/Madrid"),
    ("FREQ=WEEKLY;BYDAY=MO;BYMONTH=7,8", "Mondays in July and August 09:00 to 16:00, Europe/Madrid"),
    ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=2", "by the rule FREQ=MONTHLY;BYDAY=MO;BYSETPOS=2 09:00 to 16:00, Europe/Madrid"),
    ("FREQ=DAILY;UNTIL=20260301T100000Z", "every day 09:00 to 16:00, Europe/Madrid, until 2026-03-01 10:00 UTC"),
    ("FREQ=SOMETIMES", "by a rule that cannot be read, so it is taken as closed"),
    ("", "from 2026-01-05 09:00 to 2026-01-05 16:00, Europe/Madrid"),
]


def window(rule: str, **more: object) -> Window:
    given = {
        "name": "It",
        "starts_on": date(2026, 1, 5),
        "starts_at": time(9),
        "duration": timedelta(hours=7),
        "zone": "Europe/Madrid",
    }
    return Window(rule=rule, **given | more)


@pytest.mark.parametrize(("rule", "words"), WORDS)
def test_a_window_is_told_as_a_person_would(rule: str, words: str) -> None:
    assert phrases.when(window(rule)) == words


def test_a_freeze_without_an_end_and_one_of_days() -> None:
    assert phrases.when(window("", duration=None)) == "from 2026-01-05 09:00 on, Europe/Madrid"
    assert phrases.when(window("FREQ=WEEKLY", duration=timedelta(days=2, minutes=30))) == (
        "Mondays from 09:00 for 2 days 30 minutes, Europe/Madrid"
    )


def test_it_is_told_in_spanish() -> None:
    with translation.override("es"):
        assert phrases.when(window("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH")) == "lunes a jueves 09:00 a 16:00, Europe/Madrid"


def test_where_a_window_holds() -> None:
    assert phrases.where(window("")) == "everywhere"
    assert phrases.where(window("", tier="production")) == "every environment of the tier production"
