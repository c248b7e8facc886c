"""A real Celery worker that drives runs, with fake operations or those of the product: a process that a test can kill.

Forked from a server that has loaded everything, for loading takes longer than most of the tests that kill it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path
from unittest import mock

from tests.workloads.machine import database_url

OPTIONS = ["-P", "threads", "-c", "4", "-l", "WARNING", "--without-gossip", "--without-mingle"]
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.agents.loaded"])


class Worker:
    """A worker process, as a test holds it."""

    def __init__(self, fakes: Path | None, data: Path | None = None) -> None:
        self.process = _context.Process(target=_work, args=(fakes, data))
        with mock.patch.dict(os.environ, DATABASE_URL=database_url(), DJANGO_SETTINGS_MODULE="controlplane.settings.test"):
            self.process.start()

    def kill(self) -> None:
        """End it without a chance to say goodbye, and what it started in its own group with it."""
        self.process.kill()
        self.process.join(10)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process.pid
        os.kill(self.process.pid, number)

    def stopped(self, within: float) -> bool:
        """Whether it ended well in time (seconds)."""
        self.process.join(within)
        return self.process.exitcode == 0


def _work(fakes: Path | None, data: Path | None) -> None:
    from django.conf import settings

    import agents.tasks
    from controlplane.celery import app
    from tests.agents.fakes import FakeOperations

    os.setsid()
    if data:
        settings.DATA_DIR = data
    if fakes:
        agents.tasks.operations = lambda: FakeOperations(fakes)
    app.worker_main(["worker", *OPTIONS])
