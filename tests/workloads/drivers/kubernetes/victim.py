"""A process that applies a Change, and that kills itself (SIGKILL) at its n-th write to the cluster."""

from __future__ import annotations

import multiprocessing
import os
import signal
from typing import Any
from unittest import mock

from tests.workloads.machine import database_url

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.workloads.drivers.kubernetes.loaded"])


def writes(method: str, query: Any, rest: Any) -> bool:
    """Whether this question to the cluster changes something there."""
    return method != "GET" and not rest.get("repeatable") and not (query or {}).get("dryRun")


def apply_and_die(change: int, key: str, lease: int, *, at: int, after: bool) -> int:
    """Its exit code: -9 where it died, 0 where it came to the end before that."""
    process = _context.Process(target=_apply, args=(change, key, lease, at, after))
    with mock.patch.dict(os.environ, DATABASE_URL=database_url(), DJANGO_SETTINGS_MODULE="controlplane.settings.test"):
        process.start()
    process.join(120)
    assert process.exitcode is not None
    return process.exitcode


def _apply(change: int, key: str, lease: int, at: int, after: bool) -> None:
    from workloads import changes
    from workloads.adapters.kubernetes.client import Client

    original, written = Client.ask, 0

    def ask(client: Client, method: Any, path: str, query: Any = None, *more: Any, **rest: Any) -> Any:
        nonlocal written
        if not writes(method, query, rest):
            return original(client, method, path, query, *more, **rest)
        written += 1
        if written == at and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = original(client, method, path, query, *more, **rest)
        if written == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    with mock.patch.object(Client, "ask", ask):
        changes.apply(change, key=key, fence=lease, say=lambda text, kind="note", level="info": None)
