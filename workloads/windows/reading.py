"""Recurrence rules as people write them (RFC 5545, 3.3.10): read, and refused where they are wrong or too much to search."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from controlplane.core.errors import Invalid

LONGEST = 500  # characters
MOST_COUNTED = 1_000  # occurrences of a rule that counts them
MOST_A_DAY = 48
LONGEST_INTERVAL = 1_000
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LARGEST = {"BYHOUR": 23, "BYMINUTE": 59, "BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
FROM_ZERO = ("BYHOUR", "BYMINUTE")
FROM_THE_END = ("BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS")
KNOWN = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST", *LARGEST)
ONLY_WITH = {  # RFC 5545 forbids the others; BYSETPOS would choose among the times of one day or week, which nobody means
    "BYWEEKNO": ("YEARLY",),
    "BYYEARDAY": ("YEARLY",),
    "BYMONTHDAY": ("DAILY", "MONTHLY", "YEARLY"),
    "BYSETPOS": ("MONTHLY", "YEARLY"),
}
EXAMPLE = "Write it as FREQ=WEEKLY;BYDAY=MO,TU,WE,TH."


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that was read. `days` are (position, day of the week); position 0 is every one. `until` is in UTC."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    days: tuple[tuple[int, int], ...] = ()
    week_starts: int = 0
    numbers: Mapping[str, tuple[int, ...]] | None = None

    def by(self, part: str) -> tuple[int, ...]:
        """The numbers of a part such as BYMONTH; none where the rule lacks it."""
        return (self.numbers or {}).get(part, ())


def read(text: str) -> Rule:
    """The rule of a text such as `FREQ=WEEKLY;BYDAY=MO,TU`; Invalid, with how to mend it, for anything else."""
    if len(text) > LONGEST:
        raise Invalid(f"The rule has {len(text):,} characters; the longest that is read has {LONGEST}.", cure=EXAMPLE)
    parts = _parts(re.sub(r"^RRULE:", "", text.strip().upper()))
    frequency = _frequency(parts)
    if "COUNT" in parts and "UNTIL" in parts:
        raise Invalid("A rule ends by COUNT or by UNTIL, not by both.", cure="Leave one of them out.")
    numbers = {name: _numbers(name, parts[name]) for name in LARGEST if name in parts}
    rule = Rule(
        frequency=frequency,
        interval=_number("INTERVAL", parts.get("INTERVAL", "1"), LONGEST_INTERVAL),
        count=_number("COUNT", parts["COUNT"], MOST_COUNTED) if "COUNT" in parts else None,
        until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
        days=_days(parts["BYDAY"]) if "BYDAY" in parts else (),
        week_starts=_week_start(parts.get("WKST", "MO")),
        numbers=numbers,
    )
    _demand_sense(rule)
    return rule


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for piece in text.rstrip(";").split(";"):
        name, equals, value = piece.partition("=")
        if name == "BYSECOND":
            raise Invalid("A window begins on a full minute, so a rule has no BYSECOND.", cure="Leave it out.")
        if not equals or name not in KNOWN:
            raise Invalid(f"“{piece[:40]}” is no part of a recurrence rule.", cure=EXAMPLE)
        if name in parts:
            raise Invalid(f"{name} stands in the rule twice.", cure="Write its values in one, with commas.")
        parts[name] = value
    return parts


def _frequency(parts: Mapping[str, str]) -> str:
    found = parts.get("FREQ", "")
    if found in ("SECONDLY", "MINUTELY", "HOURLY"):
        raise Invalid(
            f"FREQ={found} recurs too often for a window.", cure="Use FREQ=DAILY, with BYHOUR=9,13 for several times in a day."
        )
    if found not in FREQUENCIES:
        raise Invalid(
            "The rule does not say how often it recurs.", cure=f"Begin it with FREQ= and one of {', '.join(FREQUENCIES)}."
        )
    return found


def _numbers(name: str, text: str) -> tuple[int, ...]:
    largest, least = LARGEST[name], 0 if name in FROM_ZERO else 1
    found = set()
    for piece in text.split(","):
        value = int(piece) if re.fullmatch(r"[+-]?\d{1,3}", piece) else None
        size = abs(value) if value is not None and name in FROM_THE_END else value
        if value is None or size is None or not least <= size <= largest:
            raise Invalid(
                f"“{piece[:20]}” is no value of {name}.", cure=f"It takes numbers from {least} to {largest}, with commas."
            )
        found.add(value)
    return tuple(sorted(found))


def _number(name: str, text: str, most: int) -> int:
    if not re.fullmatch(r"\d{1,9}", text) or not 1 <= int(text) <= most:
        raise Invalid(f"{name}={text[:20]} cannot be used.", cure=f"Give a number from 1 to {most:,}.")
    return int(text)


def _until(text: str) -> datetime:
    """RFC 5545 asks for UTC where the start has a zone: only so is the end the same moment in every year."""
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise Invalid(
            f"UNTIL={text[:20]} is no moment in UTC.", cure="Write it as 20301231T225959Z: date, T, time, Z for UTC."
        ) from error


def _days(text: str) -> tuple[tuple[int, int], ...]:
    found = set()
    for piece in text.split(","):
        matched = re.fullmatch(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", piece)
        position = int(matched[1]) if matched and matched[1] else 0
        if not matched or (matched[1] and not 1 <= abs(position) <= 53):
            raise Invalid(
                f"“{piece[:20]}” is no day.", cure="Days are MO TU WE TH FR SA SU; 1MO is the first Monday, -1FR the last Friday."
            )
        found.add((position, DAYS.index(matched[2])))
    return tuple(sorted(found))


def _week_start(text: str) -> int:
    if text not in DAYS:
        raise Invalid(f"WKST={text[:20]} is no day.", cure="Give one of MO TU WE TH FR SA SU.")
    return DAYS.index(text)


def _demand_sense(rule: Rule) -> None:
    for name, frequencies in ONLY_WITH.items():
        if rule.by(name) and rule.frequency not in frequencies:
            raise Invalid(f"{name} does not go with FREQ={rule.frequency}.", cure=f"It goes with {' and '.join(frequencies)}.")
    counted = any(position for position, _ in rule.days)
    if counted and (rule.frequency in ("DAILY", "WEEKLY") or rule.by("BYWEEKNO")):
        raise Invalid("A day with a position, such as 1MO, goes with a month or a year.", cure="Use FREQ=MONTHLY, or BYDAY=MO.")
    if rule.by("BYSETPOS") and not (rule.days or set(rule.numbers or ()) - {"BYSETPOS"}):
        raise Invalid(
            "BYSETPOS chooses among what another part gives.", cure="Add BYDAY, such as BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1."
        )
    a_day = max(1, len(rule.by("BYHOUR"))) * max(1, len(rule.by("BYMINUTE")))
    if a_day > MOST_A_DAY:
        raise Invalid(
            f"The rule recurs {a_day:,} times a day; {MOST_A_DAY} are the most.",
            cure="Make the window longer and recur less often.",
        )
