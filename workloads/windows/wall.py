"""Wall-clock time: what clocks in a zone show, and which moments that is, as RFC 5545 reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from controlplane.core.errors import Invalid


def zone_of(name: str) -> ZoneInfo:
    """The zone of this IANA name, or Invalid."""
    if name not in available_timezones():
        raise Invalid(f"There is no time zone '{name[:60]}'.", cure="Write it as Europe/Madrid, or UTC.")
    return ZoneInfo(name)


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, at which clocks of the zone show this.

    RFC 5545, 3.3.5, form 3: shown twice, it is the first; never shown, it is read with the offset before the gap
    (02:30 in a gap from 02:00 to 03:00 is the moment that clocks call 03:30).
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def is_shown(local: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks of the zone ever show this: not so in the gap when they are put forward."""
    return instant(local, zone).astimezone(zone).replace(tzinfo=None, fold=0) == local


def after(local: datetime, length: timedelta, zone: ZoneInfo) -> datetime:
    """The moment at which what began at this wall-clock time ends.

    RFC 5545, 3.3.6: whole days are days of the calendar, counted first; hours, minutes and seconds are as long as they are.
    """
    return instant(local + timedelta(days=length.days), zone) + timedelta(seconds=length.seconds, microseconds=length.microseconds)
