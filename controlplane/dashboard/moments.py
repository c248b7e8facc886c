"""Times and sizes as people say them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

STEPS = ((60, "s", 1), (3600, "min", 60), (86_400, "h", 3600), (float("inf"), "d", 86_400))


def patterns() -> dict[str, str]:
    """The words for "# units ago", for the clock in the page to go on with."""
    return {"now": _("just now"), "s": _("# s ago"), "min": _("# min ago"), "h": _("# h ago"), "d": _("# d ago"), "in": _("in #")}


def ago(moment: datetime, now: datetime) -> str:
    """How long ago (or until when), in one unit: `3 min ago`, `in 2 h`."""
    seconds = (now - moment).total_seconds()
    if -5 < seconds < 5:
        return patterns()["now"]
    size = next((unit, divisor) for limit, unit, divisor in STEPS if abs(seconds) < limit)
    count = int(abs(seconds) // size[1])
    if seconds < 0:
        return patterns()["in"].replace("#", f"{count} {size[0]}")
    return patterns()[size[0]].replace("#", str(count))


def span(length: timedelta) -> str:
    """A duration in at most two units: `850 ms`, `42 s`, `3 min 5 s`, `2 h 10 min`."""
    seconds = max(length.total_seconds(), 0)
    if seconds < 1:
        return f"{int(seconds * 1000)} ms"
    whole = int(seconds)
    for size, unit, below, small in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // below
            return f"{whole // size} {unit} {rest} {small}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"


def size(count: int) -> str:
    """Bytes in the largest binary unit that leaves at least one: `87 MiB`."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    raise AssertionError
