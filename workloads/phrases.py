"""Windows, stops and locks in words, for pages, stories and terminals; in the reader's language and time zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from controlplane.core.errors import Invalid
from workloads import rule_phrases, timetables
from workloads.admission import Kept
from workloads.models import EnvironmentLock, Stop, Window
from workloads.rule_phrases import joined
from workloads.windows import Once, read, zone_of


def moment(at: datetime) -> str:
    """A moment, exact to the minute (to the second, where it is not a full one), with its zone."""
    local = timezone.localtime(at)
    return f"{local:%Y-%m-%d %H:%M %Z}" if not local.second else f"{local:%Y-%m-%d %H:%M:%S %Z}"


def when(window: Window) -> str:
    """When a window is: `Mondays to Thursdays 09:00 to 16:00, Europe/Madrid`."""
    if not window.rule:
        return _once(window)
    first = datetime.combine(window.starts_on, window.starts_at)
    try:
        rule = read(window.rule)
    except Invalid:
        return _("by a rule that cannot be read, so it is taken as closed")
    days, times = rule_phrases.days(rule, first, window.rule), rule_phrases.times(rule, first, window.duration or timedelta())
    said = _("%(days)s %(times)s, %(zone)s") % {"days": days, "times": times, "zone": window.zone}
    ends = min((end for end in (window.until, rule.until) if end), default=None)
    return _("%(said)s, until %(until)s") % {"said": said, "until": moment(ends)} if ends else said


def where(window: Window) -> str:
    """Where a window holds."""
    if window.environment is not None:
        return str(window.environment)
    if window.application is not None:
        return _("every environment of %(application)s") % {"application": window.application}
    return _("every environment of the tier %(tier)s") % {"tier": window.tier} if window.tier else _("everywhere")


def kept(found: Kept) -> str:
    """Why something does not begin, and until when, in sentences."""
    sentences = [held(found.lock)] if found.lock else []
    if found.closed:
        sentences.append(closed_by(found.rows))
    return " ".join([*sentences, opens(found.until, found.searched_until)])


def held(lock: EnvironmentLock) -> str:
    """Who has the environment locked, why, until when."""
    said = {"who": lock.owner_label, "why": lock.reason.rstrip("."), "until": moment(lock.expires_at)}
    return _("%(who)s has locked this environment until %(until)s: %(why)s.") % said


def closed_by(rows: Sequence[Window | Stop]) -> str:
    """What closes."""
    stops = [row for row in rows if isinstance(row, Stop)]
    if stops:
        said = {"who": stops[0].stopped_by, "why": stops[0].reason.rstrip(".")}
        return _("%(who)s stopped everything here: %(why)s.") % said
    named = joined([_("“%(name)s”") % {"name": row.name} for row in rows if isinstance(row, Window)])
    return _("Closed by %(windows)s.") % {"windows": named} if named else _("It is outside of the windows in which changes begin.")


def opens(until: datetime | None, searched_until: datetime | None) -> str:
    """When it opens, or that it does not."""
    if until is not None:
        return _("It opens %(moment)s.") % {"moment": moment(until)}
    if searched_until is not None:
        return _("It does not open before %(moment)s; further was not looked.") % {"moment": moment(searched_until)}
    return _("It does not open again by itself.")


def _once(window: Window) -> str:
    begins = f"{window.starts_on:%Y-%m-%d} {window.starts_at:%H:%M}"
    try:
        times = timetables.times_of(window)
    except Invalid:
        return _("at a time that cannot be read, so it is taken as closed")
    if not isinstance(times, Once) or times.end is None:
        return _("from %(begins)s on, %(zone)s") % {"begins": begins, "zone": window.zone}
    ends = f"{times.end.astimezone(zone_of(window.zone)):%Y-%m-%d %H:%M}"
    return _("from %(begins)s to %(ends)s, %(zone)s") % {"begins": begins, "ends": ends, "zone": window.zone}
