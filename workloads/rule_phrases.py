"""A recurrence rule in words: on which days, at which times; what no plain words are known for is told as the rule itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from workloads.windows import Rule

DAY = timedelta(days=1)
EACH = [
    *(gettext_lazy("Mondays"), gettext_lazy("Tuesdays"), gettext_lazy("Wednesdays"), gettext_lazy("Thursdays")),
    *(gettext_lazy("Fridays"), gettext_lazy("Saturdays"), gettext_lazy("Sundays")),
]
ONE = [
    *(gettext_lazy("Monday"), gettext_lazy("Tuesday"), gettext_lazy("Wednesday"), gettext_lazy("Thursday")),
    *(gettext_lazy("Friday"), gettext_lazy("Saturday"), gettext_lazy("Sunday")),
]
PLACES = {
    1: gettext_lazy("the first %(day)s"),
    2: gettext_lazy("the second %(day)s"),
    3: gettext_lazy("the third %(day)s"),
    4: gettext_lazy("the fourth %(day)s"),
    -1: gettext_lazy("the last %(day)s"),
}
ODD = ("BYSETPOS", "BYYEARDAY", "BYWEEKNO")


def days(rule: Rule, first: datetime, text: str) -> str:
    """On which days it recurs."""
    if any(rule.by(part) for part in ODD) or any(place not in (0, *PLACES) for place, _day in rule.days):
        return _("by the rule %(rule)s") % {"rule": text}
    said = _WORDS[rule.frequency](rule, first)
    if rule.by("BYMONTH") and rule.frequency != "YEARLY":
        said = _("%(days)s in %(months)s") % {"days": said, "months": joined(str(MONTHS[month]) for month in rule.by("BYMONTH"))}
    if rule.count:
        said += ", " + ngettext("%(n)s time", "%(n)s times", rule.count) % {"n": rule.count}
    return said


def times(rule: Rule, first: datetime, lasts: timedelta) -> str:
    """From when to when, as clocks show it on a day on which they are not changed."""
    hours, minutes = rule.by("BYHOUR") or (first.hour,), rule.by("BYMINUTE") or (first.minute,)
    starts = [f"{hour:02}:{minute:02}" for hour in hours for minute in minutes]
    if lasts >= DAY or len(starts) > 1:
        return _("from %(times)s for %(length)s") % {"times": joined(starts), "length": length(lasts)}
    ends = first.replace(hour=hours[0], minute=minutes[0]) + lasts
    return _("%(begins)s to %(ends)s") % {"begins": starts[0], "ends": f"{ends:%H:%M}"}


def length(lasts: timedelta) -> str:
    """How long something lasts."""
    hours, minutes = divmod(lasts.seconds // 60, 60)
    parts = [
        ngettext("%(n)s day", "%(n)s days", lasts.days) % {"n": lasts.days} if lasts.days else "",
        ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours} if hours else "",
        ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes} if minutes else "",
    ]
    return " ".join(part for part in parts if part)


def joined(words: Iterable[str]) -> str:
    """A list as people say it."""
    found = list(words)
    return _("%(some)s and %(last)s") % {"some": ", ".join(found[:-1]), "last": found[-1]} if len(found) > 1 else "".join(found)


def _daily(rule: Rule, first: datetime) -> str:
    if rule.days:
        return _weekdays([day for _place, day in rule.days])
    every = ngettext("every day", "every %(n)s days", rule.interval) % {"n": rule.interval}
    return _("%(every)s, on %(days)s of the month") % {"every": every, "days": _numbers(rule)} if rule.by("BYMONTHDAY") else every


def _weekly(rule: Rule, first: datetime) -> str:
    said = _weekdays([day for _place, day in rule.days] or [first.weekday()])
    return _("%(days)s every %(n)s weeks") % {"days": said, "n": rule.interval} if rule.interval > 1 else said


def _monthly(rule: Rule, first: datetime) -> str:
    if rule.days and rule.by("BYMONTHDAY"):
        said = _("%(days)s that are %(numbers)s of the month") % {"days": _on(rule), "numbers": _numbers(rule)}
    elif rule.days:
        said = _("%(days)s of the month") % {"days": _on(rule)}
    else:
        said = _("%(numbers)s of the month") % {"numbers": _numbers(rule, first)}
    return _("%(days)s, every %(n)s months") % {"days": said, "n": rule.interval} if rule.interval > 1 else said


def _yearly(rule: Rule, first: datetime) -> str:
    months = joined(str(MONTHS[month]) for month in rule.by("BYMONTH") or ([] if rule.days else [first.month]))
    on = _on(rule) if rule.days else _numbers(rule, first)
    said = _("%(days)s of %(months)s") % {"days": on, "months": months} if months else _("%(days)s of the year") % {"days": on}
    return _("%(days)s, every %(n)s years") % {"days": said, "n": rule.interval} if rule.interval > 1 else said


def _on(rule: Rule) -> str:
    plain = [day for place, day in rule.days if not place]
    placed = [str(PLACES[place]) % {"day": ONE[day]} for place, day in rule.days if place]
    return joined([*placed, *([_weekdays(plain)] if plain else [])])


def _numbers(rule: Rule, first: datetime | None = None) -> str:
    found = rule.by("BYMONTHDAY") or ((first.day,) if first else ())
    return joined(_number(number) for number in sorted(found, key=lambda number: (number < 0, number)))


def _number(number: int) -> str:
    if number == -1:
        return _("the last day")
    return _("day %(n)s from the end") % {"n": -number} if number < 0 else _("day %(n)s") % {"n": number}


def _weekdays(found: Sequence[int]) -> str:
    """Mondays to Thursdays; what is not in a row is listed."""
    wanted = sorted(set(found))
    if len(wanted) == len(EACH):
        return ngettext("every day", "every %(n)s days", 1)
    in_a_row = all(later == earlier + 1 for earlier, later in pairwise(wanted))
    if len(wanted) > 2 and in_a_row:
        return _("%(first)s to %(last)s") % {"first": EACH[wanted[0]], "last": EACH[wanted[-1]]}
    return joined(str(EACH[day]) for day in wanted)


_WORDS = {"DAILY": _daily, "WEEKLY": _weekly, "MONTHLY": _monthly, "YEARLY": _yearly}
