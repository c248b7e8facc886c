"""A steady stream of requests, and what became of each."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

import httpx


class Steady:
    """So many requests a second while the block runs, each sent at its time whatever became of the others."""

    def __init__(self, url: str, rate: float = 50) -> None:
        self.url, self.rate = url, rate
        self.answers: Counter[str] = Counter()
        self.failed: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Steady:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with httpx.Client(timeout=20, trust_env=False) as client, ThreadPoolExecutor(24) as pool:
            due = time.monotonic()
            while not self._stop.is_set():
                pool.submit(self._ask, client)
                due += 1 / self.rate
                time.sleep(max(due - time.monotonic(), 0))

    def _ask(self, client: httpx.Client) -> None:
        try:
            answer = client.get(self.url)
        except httpx.HTTPError as error:
            self.failed.append(repr(error))
            return
        if answer.status_code == 200:
            self.answers[answer.text.strip()] += 1
        else:
            self.failed.append(f"{answer.status_code} {answer.text[:200]}")
