"""Processes of this machine: who is alive, what belongs to its session, what it uses."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import psutil

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Identity:
    """One process for ever: a number alone is given to another process later. It leads a session of its own."""

    pid: int
    born: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What a session used: CPU seconds since its processes began, resident bytes now."""

    cpu_seconds: float
    memory_bytes: int


def identify(pid: int) -> Identity | None:
    """The identity of a living process; None when there is none, or only its remains."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return Identity(pid, _born(process))
    except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
        return None


def alive(identity: Identity) -> bool:
    """Whether this very process still lives."""
    return identify(identity.pid) == identity


def read_identity(file: Path) -> Identity | None:
    """The living process that wrote itself into a pid file (`workloads.host.launch`); None when it is gone."""
    try:
        pid, born = file.read_text().split()
        identity = Identity(int(pid), born)
    except (OSError, ValueError):
        return None
    return identity if alive(identity) else None


def session(identity: Identity) -> list[psutil.Process]:
    """The processes of its session, itself first.

    A process number that still names a session is not given to another process, so what is found belongs to it,
    unless the number itself now lives as somebody else: then nothing of the session is left.
    """
    leader = identify(identity.pid)
    if leader is not None and leader != identity:
        return []
    return sorted((process for process in psutil.process_iter() if _session_of(process.pid) == identity.pid), key=lambda p: p.pid)


def send(identity: Identity, number: signal.Signals) -> None:
    """Send a signal to the leader, if it still lives."""
    if alive(identity):
        _send(identity.pid, number)


def kill_session(identity: Identity) -> None:
    """End at once whatever is left of the session."""
    for process in session(identity):
        _send(process.pid, signal.SIGKILL)


def usage(identity: Identity) -> Usage | None:
    """What the leader and its children use; None when it is gone."""
    cpu = memory = 0.0
    found = False
    for process in session(identity):
        try:
            with process.oneshot():
                times = process.cpu_times()
                memory += process.memory_info().rss
            cpu += times.user + times.system
            found = True
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return Usage(cpu, int(memory)) if found else None


def _born(process: psutil.Process) -> str:
    """Boot and clock ticks since then where the kernel says so (a changed clock cannot confuse it), else the time."""
    try:
        ticks = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
        return f"{BOOT_ID.read_text().strip()}/{ticks}"
    except OSError:
        return f"{process.create_time():.2f}"


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
