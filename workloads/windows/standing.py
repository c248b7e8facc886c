"""Open or closed, by which window, and until when: exact, by going from one edge of a window to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from workloads.windows.window import Kind, Stretch, Window

HORIZON = timedelta(days=3653)  # ten years: 29 February comes at least once, even around a century without one
MOST_STEPS = 20_000  # edges looked at for one answer


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether changes may begin at a moment, and when that ends; times in UTC.

    `because`: closed, the denying windows, or none when it is outside every allowing one; open, the allowing ones, or none when
    nothing says otherwise. `until`: when it opens (closed) or closes (open); None: not before `searched_until`, and where that is
    None too: never, as far as the windows tell. `then`: what closes it.
    """

    open: bool
    because: tuple[Window, ...]
    until: datetime | None
    then: tuple[Window, ...] = ()
    searched_until: datetime | None = None

    @property
    def opens_at(self) -> datetime | None:
        """When it opens, if it is closed."""
        return None if self.open else self.until

    @property
    def closes_at(self) -> datetime | None:
        """When it closes, if it is open."""
        return self.until if self.open else None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in which it stays open, or closed."""

    start: datetime
    end: datetime
    open: bool
    because: tuple[Window, ...]


def standing(windows: Iterable[Window], now: datetime) -> Standing:
    """How it stands at `now` (with a zone), and when that ends. Deny beats allow (FORMULAS.md, Windows)."""
    horizon = now + HORIZON
    sweep = _Sweep(tuple(windows), now, horizon)
    last = begun = sweep.at(now)
    moment = begun.next
    for _ in range(MOST_STEPS):
        if moment is None or moment >= horizon:
            return Standing(begun.open, begun.because, None, searched_until=horizon if moment else sweep.searched_until(last))
        last = sweep.at(moment)
        if last.open != begun.open:
            return Standing(begun.open, begun.because, moment, last.because)
        moment = last.next
    return Standing(begun.open, begun.because, None, searched_until=moment)


def spans(windows: Iterable[Window], since: datetime, before: datetime) -> list[Span]:
    """The open and closed stretches between two moments, without a gap."""
    sweep, found, moment = _Sweep(tuple(windows), since, before), list[Span](), since
    for _ in range(MOST_STEPS):
        state = sweep.at(moment)
        end = min(state.next or before, before)
        if found and found[-1].open == state.open:
            last = found.pop()
            found.append(Span(last.start, end, last.open, last.because))
        else:
            found.append(Span(moment, end, state.open, state.because))
        moment = end
        if moment >= before:
            break
    return found


def openings(window: Window, now: datetime, count: int = 10) -> list[Stretch]:
    """The next stretches of one window by itself, the present one included; fewer where there are no more within ten years."""
    coming = window.times.stretches(now, now + HORIZON)
    return [stretch for stretch, _ in zip(coming, range(count), strict=False)]


class _Track:
    """One window as time goes on: whether it covers a moment, and the next edge. Moments must not go back."""

    def __init__(self, window: Window, since: datetime, before: datetime) -> None:
        self.window = window
        self._coming: Iterator[Stretch] = window.times.stretches(since, before)
        self._next = next(self._coming, None)
        self._covered: datetime | None = None  # until when, by what began
        self._stays = False  # began, and has no end

    def go_to(self, moment: datetime) -> None:
        while self._next is not None and self._next.start <= moment:
            end = self._next.end
            self._stays = self._stays or end is None
            self._covered = max(filter(None, (self._covered, end)), default=None)
            self._next = next(self._coming, None)

    def covers(self, moment: datetime) -> bool:
        return self._stays or (self._covered is not None and self._covered > moment)

    @property
    def end(self) -> datetime | None:
        return None if self._stays else self._covered

    @property
    def start(self) -> datetime | None:
        return self._next.start if self._next else None


@dataclass(frozen=True, slots=True)
class _State:
    """How it stands at a moment, and the next one at which that may be otherwise; `more` are the windows that could bring one."""

    open: bool
    because: tuple[Window, ...]
    next: datetime | None
    more: Sequence[_Track] = ()


class _Sweep:
    """Windows as time goes on, up to a horizon."""

    def __init__(self, windows: Sequence[Window], since: datetime, before: datetime) -> None:
        self._before = before
        tracks = [_Track(window, since, before) for window in windows]
        self._deny = [track for track in tracks if track.window.kind == Kind.DENY]
        self._allow = [track for track in tracks if track.window.kind == Kind.ALLOW]

    def at(self, moment: datetime) -> _State:
        for track in self._deny:
            track.go_to(moment)
        denying = [track for track in self._deny if track.covers(moment)]
        if denying:  # at least until the last of them ends
            ends = [track.end for track in denying]
            known = [end for end in ends if end is not None]
            return _State(False, _named(denying), max(known) if len(known) == len(ends) else None)
        for track in self._allow:
            track.go_to(moment)
        allowing = [track for track in self._allow if track.covers(moment)]
        if self._allow and not allowing:
            return _State(False, (), _soonest(track.start for track in self._allow), self._allow)
        closing = _soonest(track.start for track in self._deny)
        if not allowing or any(track.end is None for track in allowing):
            return _State(True, _named(allowing), closing, self._deny)
        closing = _soonest([closing, max(track.end for track in allowing if track.end)])
        return _State(True, _named(allowing), closing, [*self._deny, *self._allow])

    def searched_until(self, state: _State) -> datetime | None:
        """The horizon, where something may come after it."""
        return None if all(track.window.times.ends_before(self._before) for track in state.more) else self._before


def _named(tracks: Iterable[_Track]) -> tuple[Window, ...]:
    return tuple(track.window for track in tracks)


def _soonest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
