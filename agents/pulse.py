"""The pulse of a driven run: a thread that renews the lease, writes what was said, and hears a request to cancel."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType

from django.db import DatabaseError, close_old_connections

from agents import leases
from agents.events import Story
from agents.leases import HEARTBEAT_SECONDS, LEASE, Lease
from controlplane.core.errors import LeaseLost

log = logging.getLogger(__name__)
FLUSH_SECONDS = 0.2
LISTEN_SECONDS = 1.0

_stopping = threading.Event()


def stopping() -> bool:
    """Whether this worker was asked to stop."""
    return _stopping.is_set()


def stop_all() -> None:
    """This worker was asked to stop: every run it drives is given back at the next moment where that is safe."""
    _stopping.set()


class Pulse:
    """Beats from entering to leaving the `with`. `lost` is final; `cancel` is a person's wish."""

    def __init__(self, lease: Lease, story: Story) -> None:
        self.lease, self.story = lease, story
        self.lost, self.cancel, self._end = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"pulse-{lease.run}", daemon=True)

    def __enter__(self) -> Pulse:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end.set()
        self._thread.join()

    @property
    def stopping(self) -> bool:
        """Whether the worker was asked to stop."""
        return _stopping.is_set()

    def interrupted(self) -> bool:
        """Whether a tool should end now: the lease is lost, somebody cancelled, or the worker stops."""
        return self.lost.is_set() or self.cancel.is_set() or self.stopping

    def demand(self) -> None:
        """Raise LeaseLost unless the run is still ours."""
        if self.lost.is_set():
            raise LeaseLost(f"Run {self.lease.run} is driven by another worker now.")

    def _beat(self) -> None:
        held_until = time.monotonic() + LEASE.total_seconds()
        renewed = listened = time.monotonic()
        while not self._end.wait(FLUSH_SECONDS) and not self.lost.is_set():
            now = time.monotonic()
            try:
                self.story.flush()
                if now - listened >= LISTEN_SECONDS:
                    listened = now
                    self._listen()
                if now - renewed >= HEARTBEAT_SECONDS:
                    self._renew()
                    renewed, held_until = now, now + LEASE.total_seconds()
            except LeaseLost:
                self.lost.set()
            except DatabaseError as error:  # tried again until the lease has run out
                log.warning("pulse of run %s: %s", self.lease.run, error)
                if time.monotonic() > held_until:
                    self.lost.set()
            finally:
                close_old_connections()

    def _listen(self) -> None:
        if not self.cancel.is_set() and leases.cancel_asked(self.lease):
            self.cancel.set()

    def _renew(self) -> None:
        if not leases.renew(self.lease):
            raise LeaseLost(f"Run {self.lease.run} is driven by another worker now.")
