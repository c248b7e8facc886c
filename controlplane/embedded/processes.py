"""Processes told apart by number and birth time, stopped as families, and kept from reading one another."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
BIRTH_TOLERANCE = 1.5  # seconds; the clock may have been set between writing and reading


@dataclass(frozen=True, slots=True)
class Identity:
    """A process that cannot be mistaken for a later one with the same number."""

    pid: int
    born: float  # seconds since the epoch

    @classmethod
    def of(cls, pid: int) -> Identity:
        """The identity of a running process; raise psutil.NoSuchProcess when it is gone."""
        return cls(pid, psutil.Process(pid).create_time())

    def find(self) -> psutil.Process | None:
        """The process, unless it ended."""
        try:
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.born) > BIRTH_TOLERANCE or process.status() == psutil.STATUS_ZOMBIE:
                return None
        except psutil.NoSuchProcess:
            return None
        return process


def family(process: psutil.Process) -> list[psutil.Process]:
    """The process and its descendants, the eldest first."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def family_of(pid: int) -> list[psutil.Process]:
    """The family of a process number; empty when it is gone."""
    try:
        return family(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return []


def alive(process: psutil.Process) -> bool:
    """Whether it still does anything: one that ended but was not collected by its parent does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def stop(processes: Iterable[psutil.Process], grace_seconds: float, first: signal.Signals = signal.SIGTERM) -> None:
    """Ask each to end, and end it after the grace."""
    running = list(processes)
    for process in running:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(first)
    for process in _wait(running, grace_seconds):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _wait(running, 5)


def _wait(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait until they ended or the time is over; return those that are left."""
    end = time.monotonic() + seconds
    while (left := [process for process in processes if alive(process)]) and time.monotonic() < end:
        time.sleep(0.02)
    return left


def conceal() -> None:
    """Keep other processes of this account from reading our environment and memory (Linux; a no-op elsewhere)."""
    _prctl(PR_SET_DUMPABLE, 0)


def inherit_orphans() -> None:
    """Become the parent of grandchildren whose parent dies, so that stopping can find them (Linux)."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def reap_orphans(known: Iterable[int]) -> None:
    """Collect ended processes that were inherited; those in `known` have an owner who collects them."""
    ours = set(known)
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess, ChildProcessError):
            if child.pid not in ours and child.status() == psutil.STATUS_ZOMBIE:
                os.waitpid(child.pid, os.WNOHANG)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # a libc without prctl: nothing to do
            ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
