"""Becomes a process of an application: takes its lock, writes down who it is, then runs the program in its own place.

Run as a script by the host's interpreter (`-I -S`); standard library only. The lock is inherited by the program, so
a process whose host was killed before it could write anything down is still found, and is never started twice.
"""

import fcntl
import os
import resource
import sys
from pathlib import Path

BUSY = 75
NOT_STARTED = 127


def main(pid_file: str, program: str, *arguments: str) -> int:
    """Lock, write, exec; an exit code only when that failed."""
    lock = os.open(pid_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.stderr.write(f"timonel: {program} still runs from before; not started a second time\n")
        return BUSY
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()} {born()}\n".encode())
    os.set_inheritable(lock, True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        os.execv(program, [program, *arguments])  # noqa: S606
    except OSError as error:
        sys.stderr.write(f"timonel: {program} cannot be run: {error.strerror}\n")
    return NOT_STARTED


def born() -> str:
    """As `workloads.adapters.processes` tells two processes of one number apart."""
    try:
        ticks = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}/{ticks}"
    except OSError:
        return "unknown"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
