"""Refreshing sources: one at a time each, under a lease, so that what a killed worker left is taken up again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from controlplane.core import audit, live, queue
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, TimonelError
from knowledge import ingest
from knowledge.ages import EVERY
from knowledge.ingest import File, Refreshed
from knowledge.models import Source

LEASE = timedelta(minutes=5)  # more than the largest file or the slowest batch takes
RENEW_SECONDS = 10.0
RETRY_AFTER = timedelta(minutes=15)
Status = Source.Status


@dataclass(frozen=True, slots=True)
class Brought:
    """The files of a source as of one revision: all of them, unless it is not `whole`."""

    files: Iterable[File]
    revision: str = ""
    whole: bool = True


Read = Callable[[Source], Brought]


class Interrupted(TimonelError):
    """The worker that reads a source was asked to stop; another goes on where it was."""


def _never() -> bool:
    return False


def due(now: datetime) -> QuerySet[Source]:
    """The sources whose time has come: asked for, never read, read long enough ago, failed, or left by a worker that is gone."""
    every = Coalesce("refresh_every", EVERY, output_field=DurationField())
    next_at = ExpressionWrapper(F("refreshed_at") + every, output_field=Source._meta.get_field("refreshed_at"))
    rows = Source.objects.filter(enabled=True).annotate(next_at=next_at)
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lt=now)
    begun = Q(status__in=[Status.REFRESHING, Status.FAILED])
    return rows.filter(free, Q(asked_at__isnull=False) | Q(refreshed_at__isnull=True) | Q(next_at__lte=now) | begun)


def ask(actor: Actor, source: Source, reason: str = "") -> None:
    """Have the source read soon; a message that is lost costs a minute.

    A refresh that runs already does not count: what it read may be older than the reason to ask.
    """
    with transaction.atomic():
        Source.objects.filter(pk=source.pk).update(asked_at=Now())
        Source.objects.move(source.pk, [Status.IDLE, Status.FAILED], Status.REFRESHING, claimed_until=None)
        audit.record(actor, "source.ask", source, reason=reason)
        queue.enqueue("agents.refresh_source", source.pk)
        live.ring("knowledge", source=source.pk)


def refresh(actor: Actor, source_id: int, read: Read, stopping: Callable[[], bool] = _never) -> Refreshed:
    """Read the source anew. Raises Conflict while somebody else does, and what its reader raises, which is kept as its problem.

    `stopping` is asked between batches; then the source is left for another worker, and Interrupted raised.
    """
    source = _claim(source_id)
    hold = _Hold(source, stopping)
    try:
        brought = read(source)
        done = ingest.refresh(source, hold.each(brought.files), brought.revision, whole=brought.whole, each=hold.on)
    except Interrupted:
        _end(source, Status.REFRESHING, "", claimed_until=None)
        raise
    except TimonelError as error:
        _end(source, Status.FAILED, str(error), claimed_until=timezone.now() + RETRY_AFTER)
        raise
    with transaction.atomic():
        _end(source, Status.IDLE, "", claimed_until=None)
        if done.changed or done.removed or done.skipped:
            after = {"read": done.read, "changed": done.changed, "removed": done.removed, "skipped": len(done.skipped)}
            audit.record(actor, "source.refresh", source, after={**after, "revision": brought.revision})
    return done


def _claim(source_id: int) -> Source:
    free = Source.objects.filter(Q(claimed_until__isnull=True) | Q(claimed_until__lt=Now()) | Q(status=Status.FAILED), pk=source_id)
    if not free.update(status=Status.REFRESHING, claimed_until=Now() + LEASE, asked_at=None):
        raise Conflict("This source is being refreshed.", cure="Wait until it has ended.")
    return Source.objects.get(pk=source_id)


class _Hold:
    """The lease of one refresh, renewed while it goes on."""

    def __init__(self, source: Source, stopping: Callable[[], bool]) -> None:
        self._source, self._renewed, self._stopping = source, time.monotonic(), stopping

    def each(self, files: Iterable[File]) -> Iterator[File]:
        """The files, the lease held between them."""
        for file in files:
            self.on()
            yield file

    def on(self) -> None:
        """Renew it where that is worth a statement. Raises Interrupted where the worker stops."""
        if self._stopping():
            raise Interrupted("The worker stops; another reads this source.")
        if time.monotonic() - self._renewed >= RENEW_SECONDS:
            Source.objects.filter(pk=self._source.pk).update(claimed_until=Now() + LEASE)
            self._renewed = time.monotonic()


def _end(source: Source, status: str, problem: str, claimed_until: datetime | None) -> None:
    Source.objects.filter(pk=source.pk).update(status=status, problem=problem, claimed_until=claimed_until)
    live.ring("knowledge", source=source.pk)
