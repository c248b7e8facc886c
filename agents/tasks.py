"""Background work of the runs. A task is a wake-up: sent twice, the second finds nothing to do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from celery import shared_task
from celery.signals import worker_init, worker_shutting_down
from django.utils import timezone

from agents import budgets, housekeeping, leases, library, partitions, pulse, reactions, responding, runner, standing
from agents.context import Operations
from agents.operations import RealOperations
from agents.readings import writing
from controlplane.core import queue
from controlplane.core.actors import Actor
from controlplane.core.errors import TimonelError
from knowledge import sources
from knowledge.embeddings import changing
from workloads import carrying, changes, deliveries, statuses
from workloads.changes import waiting

# Runs take minutes: two threads of a worker are kept for everything else, so that decisions are heard and the dead reaped.
KEPT_FREE = 2
SEAT_SECONDS = 1.0  # who parks or ends a run says so a moment before getting up
_seats = threading.BoundedSemaphore(1)
# A model takes its time too: one thread of a worker at most, so that one of those kept free stays free.
_readers = threading.BoundedSemaphore(1)
_embedders = threading.BoundedSemaphore(1)

# What the graphs work with; a test gives another.
operations: Callable[[], Operations] = RealOperations


@shared_task(name="agents.drive_run", ignore_result=True)
def drive_run(run_id: int) -> None:
    """Drive one run for as long as it goes. Without a free seat, or one that is soon free, the reaper asks again."""
    if not leases.claimable().filter(pk=run_id).exists() or not _seats.acquire(timeout=SEAT_SECONDS):
        return
    try:
        runner.drive(run_id, operations())
    finally:
        _seats.release()


@shared_task(name="agents.reap_runs", ignore_result=True)
def reap_runs() -> None:
    """Wake runs that nobody drives, and Changes without a run that nobody carries through."""
    housekeeping.reap()
    for change_id in carrying.left_lying():
        queue.enqueue("agents.carry_through", change_id)


@shared_task(name="agents.write_reading", ignore_result=True)
def write_reading(reading_id: int) -> None:
    """Have one reading written. While another is being written here, this one waits for `agents.resume_readings`."""
    if not _readers.acquire(timeout=SEAT_SECONDS):
        return
    try:
        writing.write(reading_id)
    finally:
        _readers.release()


@shared_task(name="agents.resume_readings", ignore_result=True)
def resume_readings() -> None:
    """Take up readings that wait or whose worker is gone, and give back what was set aside for lost calls."""
    budgets.release_lost()
    writing.take_up_again()


@shared_task(name="agents.change_decided", ignore_result=True)
def change_decided(change_id: int) -> None:
    """Let the runs go on that waited for this Change; one that no run carries is carried through here."""
    housekeeping.wake_waiting_for(change_id)
    if carrying.carries(change_id):
        carry_through(change_id)


@shared_task(name="agents.carry_through", ignore_result=True)
def carry_through(change_id: int) -> None:
    """Restore what drifted, or repair, once that is approved. A repeat goes on where a lost worker stopped."""
    carrying.carry_through(change_id, fence=int(time.time()))


@shared_task(name="agents.tend_incident", ignore_result=True)
def tend_incident(incident_id: int) -> None:
    """Have an incident looked after, or end what was asked for it."""
    responding.tend(incident_id)


@shared_task(name="agents.look_again", ignore_result=True)
def look_again(environment_id: int) -> None:
    """Windows, a lock or a stop are otherwise now: look at those who wait, in this environment or (0) in all."""
    waiting.look_again(environment_id)
    housekeeping.reap()


@shared_task(name="agents.expire_changes", ignore_result=True)
def expire_changes() -> None:
    """End the Changes whose time to be decided is over."""
    changes.expire_due()


@shared_task(name="agents.prepare_partitions", ignore_result=True)
def prepare_partitions() -> None:
    """Make the event partitions of the days ahead."""
    partitions.prepare(timezone.now().date())


@shared_task(name="agents.prune", ignore_result=True)
def prune() -> None:
    """Keep what runs leave behind small."""
    housekeeping.prune()
    deliveries.forget_old()


@shared_task(name="agents.react", ignore_result=True)
def react(delivery_id: int) -> None:
    """Handle one delivery of a webhook."""
    reactions.react(delivery_id)


@shared_task(name="agents.react_to_lost", ignore_result=True)
def react_to_lost() -> None:
    """Ask again for the deliveries whose message or worker was lost."""
    for delivery_id in deliveries.lost():
        queue.enqueue("agents.react", delivery_id)


@shared_task(name="agents.tell_forges", ignore_result=True)
def tell_forges() -> None:
    """Compare how runs stand with what forges were told."""
    standing.catch_up()


@shared_task(name="agents.tell_forge", ignore_result=True)
def tell_forge(status_id: int) -> None:
    """Tell one forge how one commit stands."""
    statuses.tell(status_id)


@shared_task(name="agents.refresh_sources", ignore_result=True)
def refresh_sources() -> None:
    """Read the sources whose time has come, one after the other; what fails is on its source and tried again later."""
    for source in sources.due(timezone.now()):
        with suppress(TimonelError):
            library.refresh(Actor.system("schedule of sources"), source.pk)


@shared_task(name="agents.refresh_source", ignore_result=True)
def refresh_source(source_id: int) -> None:
    """Read one source now."""
    with suppress(TimonelError):
        library.refresh(Actor.system("refresh of a source"), source_id)


@shared_task(name="agents.build_embeddings", ignore_result=True)
def build_embeddings(model_id: int) -> None:
    """Embed some passages with a model that is being built, and ask for the next. One at a time here: it computes."""
    if not _embedders.acquire(blocking=False):
        return
    try:
        more = changing.build(Actor.system("change of the embedding model"), model_id)
    finally:
        _embedders.release()
    if more:
        queue.enqueue("agents.build_embeddings", model_id)


@shared_task(name="agents.tend_embeddings", ignore_result=True)
def tend_embeddings() -> None:
    """Take up models that are being built and that nobody builds; drop those that were retired a day ago."""
    for model in changing.waiting():
        queue.enqueue("agents.build_embeddings", model.pk)
    changing.retire_old(Actor.system("change of the embedding model"))


@worker_init.connect
def _count_seats(sender: Any, **_: object) -> None:
    global _seats
    _seats = threading.BoundedSemaphore(max(1, sender.concurrency - KEPT_FREE))


@worker_shutting_down.connect
def _give_back(**_: object) -> None:
    pulse.stop_all()
