"""Refreshing sources: one at a time each, under a lease, so that what a killed worker left is taken up again."""

from __future__ import annotations

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
from knowledge.models import Passage, Source

LEASE = timedelta(minutes=2)
RETRY_AFTER = timedelta(minutes=15)
Status = Source.Status


@dataclass(frozen=True, slots=True)
class Brought:
    """The files of a source as of one revision: all of them, unless it is not `whole`."""

    files: Iterable[File]
    revision: str = ""
    whole: bool = True


Read = Callable[[Source], Brought]


def due(now: datetime) -> QuerySet[Source]:
    """The sources whose time has come: never read, read long enough ago, or left by a worker that is gone."""
    every = Coalesce("refresh_every", EVERY, output_field=DurationField())
    next_at = ExpressionWrapper(F("refreshed_at") + every, output_field=Source._meta.get_field("refreshed_at"))
    rows = Source.objects.filter(enabled=True).annotate(next_at=next_at)
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lt=now)
    return rows.filter(free, Q(refreshed_at__isnull=True) | Q(next_at__lte=now) | Q(status=Status.REFRESHING))


def ask(actor: Actor, source: Source) -> None:
    """Have the source read soon. Raises Conflict while it is. Its status is the order: a message that is lost costs a minute."""
    with transaction.atomic():
        if not Source.objects.move(source.pk, [Status.IDLE, Status.FAILED], Status.REFRESHING, claimed_until=None):
            raise Conflict("This source is being read.", cure="Wait until it has ended.")
        audit.record(actor, "source.ask_refresh", source)
        queue.enqueue("agents.refresh_source", source.pk)
        live.ring("knowledge", source=source.pk)


def rescope(source: Source) -> None:
    """Have its passages found by whom its scope names now; in the transaction that changed it."""
    Passage.objects.filter(document__source=source).exclude(scope=source.scope).update(scope=source.scope)


def refresh(actor: Actor, source_id: int, read: Read) -> Refreshed:
    """Read the source anew. Raises Conflict while somebody else does, and what its reader raises, which is kept as its problem."""
    source = _claim(source_id)
    try:
        brought = read(source)
        done = ingest.refresh(source, _held(source, brought.files), brought.revision, whole=brought.whole)
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
    if not free.update(status=Status.REFRESHING, claimed_until=Now() + LEASE):
        raise Conflict("This source is being refreshed.", cure="Wait until it has ended.")
    return Source.objects.get(pk=source_id)


def _held(source: Source, files: Iterable[File]) -> Iterator[File]:
    """The files, the lease renewed with each."""
    for file in files:
        Source.objects.filter(pk=source.pk).update(claimed_until=Now() + LEASE)
        yield file


def _end(source: Source, status: str, problem: str, claimed_until: datetime | None) -> None:
    Source.objects.filter(pk=source.pk).update(status=status, problem=problem, claimed_until=claimed_until)
    live.ring("knowledge", source=source.pk)
