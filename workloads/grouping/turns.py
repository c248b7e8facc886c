"""One alert through everything that is told of it: firing, told again, over, firing anew; and what comes too late to count.

An alert is known by its labels, one occurrence of it by when it began (`startsAt`, which an Alertmanager keeps until it is over).
Tellings overtake each other: one that says less than is known already changes nothing but the count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

OVERTAKEN = timedelta(minutes=10)  # so long after its end was told, a firing that began before it is no straggler any more


class Turn(StrEnum):
    """What a telling made of an alert."""

    FIRED = "fired"
    AGAIN = "told again"
    OVER = "over"
    LATE = "too late to change anything"


@dataclass(frozen=True, slots=True)
class Telling:
    """What was told at a moment: that it fires since `started`, or is over since `ended`."""

    firing: bool
    started: datetime
    ended: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class State:
    """What is known of an alert: its present or last occurrence, how often it was told, and how often it fired."""

    started: datetime
    ended: datetime | None
    told: int
    fired: int
    first_told: datetime
    last_told: datetime

    @property
    def firing(self) -> bool:
        """Whether it is not over, as far as is known."""
        return self.ended is None


def after(state: State | None, telling: Telling, *, counts: bool = True) -> tuple[State, Turn]:
    """What is known after a telling, and what it made of the alert. `counts`: it was not counted before."""
    if state is None:
        return _first(telling, counts)
    told = replace(
        state,
        told=state.told + counts,
        first_told=min(state.first_told, telling.at),
        last_told=max(state.last_told, telling.at),
    )
    return _firing(state, told, telling) if telling.firing else _over(state, told, telling)


def _first(telling: Telling, counts: bool) -> tuple[State, Turn]:
    """An end that comes before its beginning is kept, so that the beginning is known to be over."""
    ended = None if telling.firing else telling.ended or telling.at
    state = State(telling.started, ended, int(counts), int(telling.firing), telling.at, telling.at)
    return state, Turn.FIRED if telling.firing else Turn.OVER


def _firing(state: State, told: State, telling: Telling) -> tuple[State, Turn]:
    if state.ended is None:
        return replace(told, started=max(state.started, telling.started)), Turn.AGAIN
    if telling.started <= state.ended and telling.at <= state.last_told + OVERTAKEN:
        return told, Turn.LATE
    return replace(told, started=telling.started, ended=None, fired=state.fired + 1), Turn.FIRED


def _over(state: State, told: State, telling: Telling) -> tuple[State, Turn]:
    ended = telling.ended or telling.at
    if state.ended is not None or ended < state.started:  # over already, or the end of the occurrence before
        return told, Turn.LATE
    return replace(told, ended=ended), Turn.OVER
