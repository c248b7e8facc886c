"""Steady visitors: a fixed number of requests a second, every answer counted."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

import httpx


class Visitors:
    """So many requests a second to one address while the block runs; `answers` counts statuses and errors."""

    def __init__(self, address: str, a_second: int = 50) -> None:
        self.address = address
        self.pause = 1 / a_second
        self.answers: Counter[str] = Counter()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._walk)

    @property
    def failed(self) -> dict[str, int]:
        """Everything that was not a 200."""
        return {answer: count for answer, count in self.answers.items() if answer != "200"}

    def __enter__(self) -> Visitors:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _walk(self) -> None:
        with httpx.Client(timeout=10, limits=httpx.Limits(max_connections=40)) as client, ThreadPoolExecutor(40) as people:
            due = time.monotonic()
            while not self._over.is_set():
                people.submit(self._visit, client)
                due += self.pause
                time.sleep(max(0.0, due - time.monotonic()))

    def _visit(self, client: httpx.Client) -> None:
        try:
            self.answers[str(client.get(self.address).status_code)] += 1
        except httpx.HTTPError as error:
            self.answers[repr(error)] += 1
