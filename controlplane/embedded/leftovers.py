"""What a supervisor that was killed left running: recognised by number and birth time, and stopped, last started first."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil

from controlplane.embedded import keys, processes
from controlplane.embedded.processes import Identity

GRACE_SECONDS = 8


def remember(file: Path, children: Iterable[tuple[str, Identity, signal.Signals]]) -> None:
    """Write down who was started, in order."""
    rows = [{"name": name, "pid": who.pid, "born": who.born, "signal": int(how)} for name, who, how in children]
    keys.write(file, json.dumps(rows, indent=1))


def stop_all(file: Path, postgres_data: Path) -> list[str]:
    """Stop what is still there of an earlier start; return the names of those stopped."""
    stopped = []
    for row in reversed(_rows(file)):
        process = Identity(row["pid"], row["born"]).find()
        if process is None:
            continue
        kin = processes.family(process)[1:]
        processes.stop([process], GRACE_SECONDS, signal.Signals(row["signal"]))
        processes.stop([member for member in kin if processes.alive(member)], GRACE_SECONDS)
        stopped.append(str(row["name"]))
    if _stop_unrecorded_postgres(postgres_data):
        stopped.append("postgres")
    file.unlink(missing_ok=True)
    return stopped


def _rows(file: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return [row for row in found if {"name", "pid", "born", "signal"} <= set(row)]
    except (OSError, ValueError, TypeError):
        return []


def _stop_unrecorded_postgres(data: Path) -> bool:
    """Stop a server that PostgreSQL's own pid file names; remove the file when its number belongs to somebody else by now."""
    file = data / "postmaster.pid"
    try:
        pid = int(file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return False
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        process = psutil.Process(pid)
        if str(data) in process.cmdline():
            processes.stop([process], GRACE_SECONDS, signal.SIGINT)
            return True
    file.unlink(missing_ok=True)
    return False
