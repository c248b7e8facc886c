"""Pure: which of the things that happened is the usual suspect."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

LOOK_BACK = timedelta(hours=24)
SLACK = timedelta(minutes=2)  # the first symptom is known to a scrape or two only
HALF_LIFE = timedelta(minutes=30)
MOST = 12


class Kind(StrEnum):
    """What sort of thing happened."""

    DEPLOYMENT = "deployment"
    CHANGE = "change"
    DRIFT = "drift"
    CONFIGURATION = "configuration"
    CLUSTER = "cluster"


# A new release is the usual suspect; then what people and tools wrote past it; variables act with the next deployment only.
WEIGHT = {Kind.DEPLOYMENT: 3.0, Kind.DRIFT: 2.5, Kind.CHANGE: 2.0, Kind.CONFIGURATION: 1.0, Kind.CLUSTER: 0.5}
TOUCHES = 2.0


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that was changed: what, when, by whom; `objects` as `Kind/name`, `page` as the subject of a page (`run-7`)."""

    kind: Kind
    at: datetime
    title: str
    who: str = ""
    objects: tuple[str, ...] = ()
    page: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A happening, how suspicious it is, and why."""

    happening: Happening
    score: float
    why: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON column."""
        one = self.happening
        told = {"kind": str(one.kind), "at": one.at.isoformat(), "title": one.title, "who": one.who, "page": one.page}
        return {**told, "objects": list(one.objects), "score": round(self.score, 3), "why": list(self.why)}


def rank(found: Iterable[Happening], onset: datetime, named: Collection[str] = ()) -> tuple[Suspect, ...]:
    """The happenings before `onset`, the most suspicious first (ours): the weight of its kind, halved with every half hour
    before the first symptom, doubled where it touches one of the `named` objects (by their names).
    """
    near = [one for one in found if onset - LOOK_BACK <= one.at <= onset + SLACK]
    suspects = [_judged(one, onset, named) for one in near]
    return tuple(sorted(suspects, key=lambda suspect: (-suspect.score, -suspect.happening.at.timestamp())))[:MOST]


def _judged(one: Happening, onset: datetime, named: Collection[str]) -> Suspect:
    gap = max(onset - one.at, timedelta(0))
    touched = [each for each in one.objects if each.rpartition("/")[2] in named]
    score = WEIGHT[one.kind] * 0.5 ** (gap / HALF_LIFE) * (TOUCHES if touched else 1.0)
    why = [f"{_span(gap)} before the first symptom" if gap else "at the time of the first symptom"]
    why += [f"it touches {', '.join(touched[:3])}"] if touched else []
    return Suspect(one, score, tuple(why + ([one.note] if one.note else [])))


def _span(gap: timedelta) -> str:
    minutes = int(gap.total_seconds() // 60)
    if minutes < 1:
        return "seconds"
    if minutes < 60:
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    hours = minutes // 60
    return f"{hours} hour{'s' if hours > 1 else ''}"
