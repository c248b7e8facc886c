"""The story of a run: lines numbered without gaps, appended in batches, only by whoever holds the lease."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection, transaction
from django.db.models import F

from agents.models import Run, RunEvent
from controlplane.core import live
from controlplane.core.errors import LeaseLost
from controlplane.core.redaction import redact

LONGEST = 8_000
BATCH = 5_000  # a tool that talks faster than we write waits here
COPY = "COPY agents_runevent (run_id, number, day, at, level, node, kind, text) FROM STDIN"


@dataclass(frozen=True, slots=True)
class Line:
    """One line before it has its number."""

    at: datetime
    text: str
    node: str = ""
    kind: str = "note"
    level: str = RunEvent.Level.INFO


def lines(
    text: str, *, node: str = "", kind: str = "note", level: str = "info", secrets: frozenset[str] = frozenset()
) -> list[Line]:
    """The text as lines of now, redacted, none longer than a page can bear."""
    clean = redact(text, secrets)
    now = datetime.now(UTC)
    return [Line(now, _bearable(part), node, kind, level) for part in clean.splitlines() or [""]]


def append(run_id: int, said: Sequence[Line], *, fence: int | None = None) -> int:
    """Number and store the lines, ring the run's bell; return the last number. Raise LeaseLost for a stale fence."""
    with transaction.atomic():
        rows = Run.objects.filter(pk=run_id)
        if fence is not None:
            rows = rows.filter(fence=fence, status=Run.Status.RUNNING)
        if not rows.update(last_event=F("last_event") + len(said)):
            raise LeaseLost(f"Run {run_id} is driven by another worker now.")
        last: int = Run.objects.values_list("last_event", flat=True).get(pk=run_id)
        first = last - len(said) + 1
        with connection.cursor() as cursor, cursor.copy(COPY) as copy:
            for number, one in enumerate(said, first):
                copy.write_row((run_id, number, one.at.date(), one.at, str(one.level), one.node, one.kind, one.text))
        live.ring(f"run-{run_id}", run=run_id, event=last)
    return last


class Story:
    """The lines of one driven run: said from any thread, written in batches in the order they were said."""

    def __init__(self, run_id: int, fence: int, secrets: frozenset[str] = frozenset()) -> None:
        self._run, self._fence, self.secrets = run_id, fence, secrets
        self._lines: list[Line] = []
        self._adding, self._writing = threading.Lock(), threading.Lock()

    def say(self, text: str, *, node: str = "", kind: str = "note", level: str = "info") -> None:
        """Add each line of the text; the pulse writes them a moment later."""
        said = lines(text, node=node, kind=kind, level=level, secrets=self.secrets)
        with self._adding:
            self._lines.extend(said)
            full = len(self._lines) >= BATCH
        if full:
            self.flush()

    @property
    def pending(self) -> int:
        """How many lines are said and not yet written."""
        return len(self._lines)

    def flush(self) -> None:
        """Write what was said. What could not be written stays and is tried again."""
        with self._writing:
            with self._adding:
                waiting = self._lines[: BATCH * 4]
            if not waiting:
                return
            append(self._run, waiting, fence=self._fence)
            with self._adding:
                del self._lines[: len(waiting)]


def _bearable(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ... ({len(text) - LONGEST} more characters)"
