"""Logs, read only when a rule asks, by pod and container; their lines with the time they say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from workloads.diagnosis.snapshot import LogFile
from workloads.diagnosis.times import has_zone, seconds

LONGEST_LINE = 2000
LATE = 4000  # so few characters before the end of a log a line without a time counts as one of the last
MOST_CANDIDATES = 300  # lines with a word that are held against a pattern: the latest


@dataclass(frozen=True, slots=True)
class Signature:
    """What a program writes: a pattern, and small words of which a line with it has one (without them nothing is searched)."""

    pattern: re.Pattern[str]
    hints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line that matched: where, what, and how long before the last line of its log (seconds, None when it tells no time)."""

    where: str
    text: str
    at: str
    age: float | None
    late: bool = True

    def within(self, limit: float) -> bool:
        """Whether it was written in the last seconds of its log; of a line without a time its place in the log tells."""
        return self.late if self.age is None else self.age <= limit


@dataclass(frozen=True)
class Log:
    """The log of one container, or of the run before."""

    source: LogFile
    read_at: float = 0.0  # when logs were read, by the clock of the cluster; 0 when nobody knows

    @property
    def where(self) -> str:
        """Where a person finds it."""
        previous = " (previous run)" if self.source.previous else ""
        return f"log of {self.source.namespace}/{self.source.pod} {self.source.container}{previous}"

    @cached_property
    def text(self) -> str:
        """Its end."""
        return self.source.read()

    @cached_property
    def last_at(self) -> float:
        """The time of the last line that says one."""
        for line in reversed(self.text[-8000:].splitlines()):
            if moment := _stamp(line):
                return seconds(moment)
        return 0.0

    @cached_property
    def _small(self) -> str:
        return self.text.lower()

    def matching(self, signature: Signature, most: int = 20) -> Iterator[Line]:
        """The last lines a signature is found in, latest first."""
        found = 0
        for line, rest in self._candidates(signature.hints):
            if signature.pattern.search(line):
                yield self._line(line, rest)
                found += 1
                if found >= most:
                    return

    def _candidates(self, hints: tuple[str, ...]) -> Iterator[tuple[str, int]]:
        """The last lines with one of the words, latest first, each with how much is written after its begin."""
        present = [hint for hint in hints if hint in self._small]
        if len(self._small) != len(self.text):  # a letter that is two in small letters: positions would not fit
            lines = [line[:LONGEST_LINE] for line in reversed(self.text.splitlines())]
            yield from ((line, 80 * place) for place, line in enumerate(lines) if any(hint in line.lower() for hint in present))
            return
        end, looked = len(self.text), 0
        while present and looked < MOST_CANDIDATES:
            at = max(self._small.rfind(hint, 0, end) for hint in present)
            if at < 0:
                return
            begin, stop = self.text.rfind("\n", 0, at) + 1, self.text.find("\n", at)
            yield self.text[begin : min(stop if stop >= 0 else len(self.text), begin + LONGEST_LINE)], len(self.text) - begin
            end, looked = begin, looked + 1

    def _line(self, line: str, rest: int) -> Line:
        stamp = _stamp(line)
        age = max(0.0, self.last_at - seconds(stamp)) if stamp and self.last_at else None
        if age is not None and self.read_at and has_zone(stamp):
            age = max(age, self.read_at - seconds(stamp))
        return Line(self.where, line.strip(), stamp, age, rest <= LATE)


_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\s?(?:Z|[+-]\d\d:?\d\d)?")


def _stamp(line: str) -> str:
    """The time a line says, near its beginning or (structured logs) near its end."""
    match = _TIME.search(line[:200]) or _TIME.search(line[-120:])
    return match[0] if match else ""
