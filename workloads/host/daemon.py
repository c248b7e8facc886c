"""The daemon: one loop follows the rows, one the processes, one measures; the stable addresses are served meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TypeVar

from django.db import Error, InterfaceError, OperationalError, connection
from django.utils import timezone

from controlplane.core.errors import Conflict
from workloads.host import place, pruning
from workloads.host.fleet import Fleet, Observed
from workloads.host.ledger import Ledger, move_port, stop_expired
from workloads.host.listeners import Listeners
from workloads.host.ports import accepts, free_port
from workloads.host.process import GRACE
from workloads.host.proxy import Proxy
from workloads.host.samples import Sampler
from workloads.host.traffic import Book
from workloads.host.wanted import WEB, Reader, Wanted
from workloads.models import Sample

log = logging.getLogger(__name__)
Result = TypeVar("Result")
FOLLOW_EVERY = 0.25
TICK_EVERY = 0.1
SAMPLE_EVERY = 5.0
PRUNE_EVERY = 600.0
LAST_GRACE = 10.0  # seconds from SIGTERM to SIGKILL when the host itself is stopping


class Daemon:
    """Rows are read and written in one thread, processes moved in another: neither waits for the other.

    While the database is away the last known rows stay wanted: what runs goes on, what dies is restarted.
    """

    def __init__(self, address: str) -> None:
        self._book = Book()
        self._proxy = Proxy(self._book)
        self._listeners = Listeners(self._proxy, address)
        self._fleet = Fleet(place.data_folder("instances"), self._book.drained)
        self._sampler = Sampler(self._book)
        self._reader, self._ledger = Reader(), Ledger()
        self._wanted: Wanted | None = None
        self._observed: list[Observed] = []
        self._grace = GRACE
        self._away = False
        self._rows = ThreadPoolExecutor(1, "rows")
        self._processes = ThreadPoolExecutor(1, "processes")

    async def run(self, stop: asyncio.Event) -> None:
        """Run until told to stop; then stop everything this host started, and nothing else.

        If a loop fails, the processes are left to the next host, which adopts them.
        """
        await self._proxy.open()
        await self._on(self._processes, self._fleet.adopt)
        loops = [asyncio.create_task(loop()) for loop in (self._follow, self._tick, self._measure, self._prune)]
        ended = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([ended, *loops], return_when=asyncio.FIRST_COMPLETED)
        for task in (ended, *loops):
            task.cancel()
        await asyncio.gather(ended, *loops, return_exceptions=True)
        for task in done:
            task.result()
        await self._shut_down()

    async def _follow(self) -> None:
        while True:
            wanted = await self._ask(self._read)
            if wanted is not None:
                in_force = await self._listeners.follow(wanted.routes)
                self._wanted = wanted  # only now: what lost its route may be stopped, but for requests it already has
                await self._ask(self._ledger.acknowledge, in_force)
            await asyncio.sleep(FOLLOW_EVERY)

    async def _tick(self) -> None:
        while True:
            if self._wanted is not None:
                self._observed = await self._on(self._processes, self._fleet.tick, self._wanted, time.monotonic(), self._grace)
            await asyncio.sleep(TICK_EVERY)

    async def _measure(self) -> None:
        while True:
            await asyncio.sleep(SAMPLE_EVERY)
            samples = await self._on(
                self._processes, self._sampler.take, list(self._fleet.copies.values()), timezone.now(), time.monotonic()
            )
            await self._on(self._processes, self._fleet.rotate_logs)
            await self._ask(Sample.objects.bulk_create, samples)

    async def _prune(self) -> None:
        while True:
            await asyncio.sleep(PRUNE_EVERY)
            await self._ask(pruning.prune, timezone.now())

    async def _shut_down(self) -> None:
        await self._listeners.close()
        await self._proxy.close()
        nothing, self._grace = Wanted({}, ()), LAST_GRACE
        while any(copy.alive for copy in self._fleet.copies.values()):
            self._observed = await self._on(self._processes, self._fleet.tick, nothing, time.monotonic(), LAST_GRACE)
            await asyncio.sleep(TICK_EVERY)
        await self._ask(self._ledger.record, self._observed, timezone.now())

    def _read(self) -> Wanted:
        """What is wanted now; before that, what was observed, so that the rows are no older than what follows."""
        now = timezone.now()
        stop_expired(now)
        self._ledger.record(self._observed, now)
        wanted = self._reader.read(now)
        self._evade(wanted)
        return wanted

    def _evade(self, wanted: Wanted) -> None:
        """Give an instance another port when a stranger listens on its own."""
        for key, instance in wanted.instances.items():
            copy = self._fleet.copies.get(key)
            web = copy.processes.get(WEB) if copy else None
            if web is not None and web.failing and accepts(instance.port):
                move_port(key, instance.port, free_port())

    async def _ask(self, question: Callable[..., Result], *arguments: object) -> Result | None:
        """Ask the database; None while it is away."""
        try:
            answer: Result = await self._on(self._rows, _with_connection, question, *arguments)
        except (OperationalError, InterfaceError) as error:
            if not self._away:
                log.warning("the database is away, going on with what is known: %s", error)
            self._away = True
            self._ledger.forget()
            return None
        except Error as error:  # a row went away while it was written about
            log.error("could not be written down: %s", error)
            return None
        if self._away:
            log.info("the database is back")
        self._away = False
        return answer

    @staticmethod
    async def _on(thread: ThreadPoolExecutor, function: Callable[..., Result], *arguments: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(thread, function, *arguments)


def _with_connection(question: Callable[..., Result], *arguments: object) -> Result:
    try:
        return question(*arguments)
    finally:
        connection.close()


def only_host(folder: Path) -> IO[str]:
    """The lock of this data folder's one host. Raises Conflict while another holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "host.lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        raise Conflict(
            f"A host already runs for this data folder (process {lock.read().strip()}).", cure="Stop it first, or leave it be."
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def serve(address: str) -> None:
    """Run the host in this process until SIGTERM or SIGINT."""

    async def main() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await Daemon(address).run(stop)

    with only_host(place.data_folder("run")), contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
