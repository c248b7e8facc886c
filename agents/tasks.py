"""Background work of the runs. A task is a wake-up: sent twice, the second finds nothing to do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from celery import shared_task
from celery.signals import worker_init, worker_shutting_down
from django.utils import timezone

from agents import housekeeping, leases, library, partitions, pulse, runner
from agents.context import Operations
from agents.operations import RealOperations
from controlplane.core.actors import Actor
from controlplane.core.errors import TimonelError
from knowledge import sources
from workloads import changes

# Runs take minutes: two threads of a worker are kept for everything else, so that decisions are heard and the dead reaped.
KEPT_FREE = 2
SEAT_SECONDS = 1.0  # who parks or ends a run says so a moment before getting up
_seats = threading.BoundedSemaphore(1)

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
    """Wake runs that nobody drives."""
    housekeeping.reap()


@shared_task(name="agents.change_decided", ignore_result=True)
def change_decided(change_id: int) -> None:
    """Let the runs go on that waited for this Change."""
    housekeeping.wake_waiting_for(change_id)


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


@worker_init.connect
def _count_seats(sender: Any, **_: object) -> None:
    global _seats
    _seats = threading.BoundedSemaphore(max(1, sender.concurrency - KEPT_FREE))


@worker_shutting_down.connect
def _give_back(**_: object) -> None:
    pulse.stop_all()
