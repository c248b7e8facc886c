"""When changes begin in an environment, as its page shows it: now, the next days, which windows, who stopped or locked it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from django.utils import timezone
from django.utils.translation import gettext as _

from controlplane.core import rights
from controlplane.core.actors import Actor
from controlplane.core.permissions import EVERYWHERE, Verb
from workloads import phrases, timetables
from workloads.locks import LONGEST
from workloads.models import Change, Environment, EnvironmentLock, Stop, Window
from workloads.windows import Span, Standing, spans

DAYS = 7
WIDTH = 240  # of a day's bar, in its own units
LENGTHS = [hours for hours in (1, 2, 4, 8, 24) if timedelta(hours=hours) <= LONGEST]


@dataclass(frozen=True, slots=True)
class Bar:
    """An open stretch of a day, drawn from `x` on."""

    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Day:
    """One day: its open stretches drawn, and in words."""

    date: date
    bars: tuple[Bar, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Held:
    """A window with its words."""

    window: Window
    when: str
    where: str


@dataclass(frozen=True, slots=True)
class Panel:
    """What the page says. `because` and `opens` are sentences; they are empty while it is open."""

    standing: Standing
    because: str
    opens: str
    windows: tuple[Held, ...]
    days: tuple[Day, ...]
    stops: tuple[Stop, ...]
    lock: EnvironmentLock | None
    waiting: int
    may: frozenset[str]

    @property
    def stopped_here(self) -> bool:
        """Whether there is a stop of this environment itself."""
        return any(stop.environment_id for stop in self.stops)

    @property
    def lengths(self) -> list[int]:
        """For how many hours a lock is offered."""
        return LENGTHS


def panel(actor: Actor, environment: Environment, now: datetime) -> Panel:
    """When changes begin in this environment."""
    table = timetables.timetable(environment, now)
    standing = table.standing(now)
    closed = not standing.open
    return Panel(
        standing=standing,
        because=phrases.closed_by(table.named(standing.because)) if closed else "",
        opens=phrases.opens(standing.until, standing.searched_until) if closed else "",
        windows=tuple(Held(window, phrases.when(window), phrases.where(window)) for window in table.windows),
        days=_days(table, now) if table.windows else (),
        stops=table.stops,
        lock=table.lock,
        waiting=Change.objects.filter(environment=environment, status=Change.Status.APPROVED).count(),
        may=may(actor, environment, table.lock),
    )


def may(actor: Actor, environment: Environment, lock: EnvironmentLock | None) -> frozenset[str]:
    """Which of `lock`, `unlock`, `stop`, `lift` the person may do here."""
    verbs = {verb for verb in (Verb.RUN, Verb.APPROVE, Verb.UNLOCK) if rights.may(actor, verb, environment.scopes)}
    works = bool(verbs & {Verb.RUN, Verb.APPROVE})
    owns = works and lock is not None and lock.owner_id == actor.user_id
    words = {"lock": works, "stop": works, "unlock": Verb.UNLOCK in verbs or owns, "lift": Verb.UNLOCK in verbs}
    return frozenset(word for word, allowed in words.items() if allowed)


def everywhere(actor: Actor) -> dict[str, object]:
    """The stop of everything, if there is one, and whether the person may stop or lift it."""
    works = any(rights.may(actor, verb, [EVERYWHERE]) for verb in (Verb.RUN, Verb.APPROVE))
    return {
        "stop": Stop.objects.filter(environment__isnull=True, lifted_at__isnull=True).first(),
        "may_stop": works,
        "may_lift": rights.may(actor, Verb.UNLOCK, [EVERYWHERE]),
    }


def _days(table: timetables.Timetable, now: datetime) -> tuple[Day, ...]:
    today = timezone.localdate(now)
    edges = [_midnight(today + timedelta(days=number)) for number in range(DAYS + 1)]
    found = spans(table.judged(), edges[0], edges[-1])
    return tuple(
        _day(today + timedelta(days=number), start, end, [span for span in found if span.open])
        for number, (start, end) in enumerate(pairwise(edges))
    )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time())).astimezone(UTC)


def _day(day: date, start: datetime, end: datetime, opened: Sequence[Span]) -> Day:
    """Its stretches, by the share of the day's own length: a day with a change of clocks has 23 or 25 hours."""
    within = [(max(span.start, start), min(span.end, end)) for span in opened if span.start < end and span.end > start]
    places = [(round((a - start) / (end - start) * WIDTH), round((b - start) / (end - start) * WIDTH)) for a, b in within]
    if within == [(start, end)]:
        words = _("open all day")
    else:
        words = ", ".join(_from_to(a, b, end) for a, b in within) or _("closed all day")
    return Day(day, tuple(Bar(x, max(1, until - x)) for x, until in places), words)


def _from_to(begins: datetime, ends: datetime, day_ends: datetime) -> str:
    until = "24:00" if ends == day_ends else f"{timezone.localtime(ends):%H:%M}"
    return f"{timezone.localtime(begins):%H:%M}–{until}"
