"""Pure: what in a log counts against a release."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

BEGINS = "Traceback (most recent call last)"
CHAINED = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
EXCEPTION = re.compile(r"^(?P<kind>[A-Za-z_][\w.]*)(?:: (?P<text>.*))?$")
TIMEOUT = re.compile(r"WORKER TIMEOUT \(pid:\d+\)")
# A client that hung up, or that asked for a host of its own invention: not the release's fault.
CLIENTS_FAULT = frozenset({"BrokenPipeError", "ConnectionResetError", "django.core.exceptions.DisallowedHost", "DisallowedHost"})
EXCERPT_LINES = 40


@dataclass(frozen=True, slots=True)
class Trouble:
    """One traceback (a chain of them counts once), or a worker that was killed because it hung."""

    title: str
    excerpt: str

    @property
    def kind(self) -> str:
        """The exception's class as the log names it."""
        return self.title.partition(":")[0]


def troubles(log: str) -> list[Trouble]:
    """The tracebacks and worker timeouts of a log, but for those that a client caused."""
    return [trouble for trouble in everything(log) if trouble.kind not in CLIENTS_FAULT]


def everything(log: str) -> list[Trouble]:
    """All tracebacks and worker timeouts of a log, in order."""
    lines = log.splitlines()
    found: list[Trouble] = []
    at = 0
    while at < len(lines):
        if BEGINS in lines[at]:
            end = _end_of_chain(lines, at)
            found.append(Trouble(_title(lines[end - 1]), "\n".join(lines[at:end][-EXCERPT_LINES:])))
            at = end
        else:
            if TIMEOUT.search(lines[at]):
                found.append(Trouble("WORKER TIMEOUT", lines[at]))
            at += 1
    return found


def summary(found: list[Trouble]) -> list[list[str]]:
    """Rows of a table: how often, what."""
    return [[str(count), title] for title, count in Counter(trouble.title for trouble in found).most_common(20)]


def _end_of_chain(lines: list[str], at: int) -> int:
    end = _end_of_one(lines, at)
    following = end
    while following < len(lines) and not lines[following].strip():
        following += 1
    if following < len(lines) and lines[following].strip() in CHAINED:
        for begin in range(following, min(following + 4, len(lines))):
            if BEGINS in lines[begin]:
                return _end_of_chain(lines, begin)
    return end


def _end_of_one(lines: list[str], at: int) -> int:
    """After the line that names the exception: the first one that is indented no deeper than the beginning."""
    indent = len(lines[at]) - len(lines[at].lstrip(" |"))
    for number in range(at + 1, len(lines)):
        bare = lines[number].lstrip(" |")
        if bare and len(lines[number]) - len(bare) <= indent:
            return number + 1
    return len(lines)


def _title(line: str) -> str:
    bare = line.strip(" |")
    return bare[:300] if EXCEPTION.match(bare) else "exception"
