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


def apply_and_die(change: int, key: str, lease: int, *, at: int, after: bool, call: str = "apply") -> int:
    """Its exit code: -9 where it died, 0 where it came to the end before that. `call`: the client's method that writes."""
    process = _context.Process(target=_apply, args=(change, key, lease, at, after, call))
    with mock.patch.dict(os.environ, DATABASE_URL=database_url(), DJANGO_SETTINGS_MODULE="controlplane.settings.test"):
        process.start()
    process.join(120)
    assert process.exitcode is not None
    return process.exitcode


def _apply(change: int, key: str, lease: int, at: int, after: bool, call: str) -> None:
    from workloads import changes
    from workloads.adapters.kubernetes.client import Client

    original, written = getattr(Client, call), 0

    def apply(client: Client, *args: Any, **more: Any) -> Any:
        nonlocal written
        if more.get("dry_run"):
            return original(client, *args, **more)
        written += 1
        if written == at and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = original(client, *args, **more)
        if written == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    with mock.patch.object(Client, call, apply):
        changes.apply(change, key=key, fence=lease, say=lambda text, kind="note", level="info": None)
