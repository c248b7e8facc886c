"""Events of the type Warning, newest first."""

from __future__ import annotations

from collections.abc import Iterable

from workloads.topology.containers import Said
from workloads.topology.picture import Warning
from workloads.topology.reading import Json
from workloads.unchecked import table, whole, word

MOST = 200


def warnings(items: Iterable[Json], said: Said) -> tuple[Warning, ...]:
    """The newest of them."""
    found = [(when(item), item) for item in items if item.get("type") == "Warning"]
    newest = sorted(found, key=lambda one: one[0], reverse=True)[:MOST]
    return tuple(_warning(at, item, said) for at, item in newest)


def when(item: Json) -> str:
    """When it was seen last: RFC 3339 in UTC, so that texts are in the order of times."""
    told = (
        word(item, "series", "lastObservedTime"),
        word(item, "lastTimestamp"),
        word(item, "eventTime"),
        word(item, "firstTimestamp"),
    )
    return next((at for at in told if at), word(item, "metadata", "creationTimestamp"))


def _warning(at: str, item: Json, said: Said) -> Warning:
    about = table(item, "involvedObject")
    times = whole(item, "series", "count") or whole(item, "count") or 1
    return Warning(at, word(item, "reason"), said(word(item, "message")), f"{word(about, 'kind')}/{word(about, 'name')}", times)
