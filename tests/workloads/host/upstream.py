"""A proxy in a thread of this process, before a real web server of the little application."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import httpx

from tests.workloads.machine import LITTLE
from workloads.host.listeners import Listeners
from workloads.host.ports import RANGE, is_free
from workloads.host.proxy import Proxy, Route
from workloads.host.statics import Statics
from workloads.host.traffic import Book


class Server:
    """gunicorn or uvicorn with the little application."""

    def __init__(self, venv: Path, *argv: str, port: int | None = None) -> None:
        self.port = port or a_port()
        environment = {"PATH": os.environ["PATH"], "SECRET_KEY": "k" * 50, "ALLOWED_HOSTS": "*", "PYTHONDONTWRITEBYTECODE": "1"}
        command = [str(venv / "bin" / argv[0]), *(word.format(port=self.port) for word in argv[1:])]
        self.process = subprocess.Popen(command, cwd=LITTLE, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def ready(self) -> Server:
        """Once it answers."""
        end = time.monotonic() + 30
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{self.port}/headers/", timeout=5)
                return self
            except httpx.TransportError:
                assert time.monotonic() < end
                time.sleep(0.05)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(30)


class Address:
    """A stable address whose route the test sets."""

    def __init__(self) -> None:
        self.port, self.book = a_port(), Book()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._proxy = Proxy(self.book)
        self._listeners = Listeners(self._proxy, "127.0.0.1")
        self._await(self._proxy.open())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def lead_to(self, instance: int | None, upstream: int | None, statics: Statics | None = None) -> Address:
        """Set the route."""
        self._await(self._listeners.follow([Route(1, "little/local", self.port, instance, upstream, statics)]))
        return self

    def close(self) -> None:
        """Stop listening."""
        self._await(self._listeners.close())
        self._await(self._proxy.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _await(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)


def a_port() -> int:
    """A port nobody listens on."""
    return next(port for port in random.sample(RANGE, 200) if is_free(port))
