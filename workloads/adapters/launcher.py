"""Runs one untrusted program as a limited child and leaves nothing of it behind. A script: it imports nothing of ours.

Whoever starts it holds the other end of its standard input: when that closes (cancelled, timed out, or the holder was
killed), everything the program started is ended, wherever it hid. What became of it is written to the report descriptor.
"""

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from pathlib import Path

POLL_SECONDS = 0.1
GRACE_SECONDS = 3.0
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
PAGE = os.sysconf("SC_PAGE_SIZE")


def main() -> int:
    """Arguments: the limits as JSON, the report descriptor, then the program and its arguments."""
    limits, report, argv = json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the way to end us is to close our input
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    child = _start(argv, limits, report)
    ended, limit, status = _watch(child, limits)
    _end_everything(child, GRACE_SECONDS if ended == "cancelled" else 0.0)
    if status is None:
        status = _collect(child)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGXFSZ):
        ended, limit = "killed_by_limit", "CPU time" if os.WTERMSIG(status) == signal.SIGXCPU else "file size"
    _tell(report, {"ended": ended, "limit": limit, "exit_code": os.waitstatus_to_exitcode(status)})
    return 0


def _start(argv: list[str], limits: dict[str, int], report: int) -> int:
    launcher = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        os.setsid()
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != launcher:
            os._exit(126)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.close(report)
        _limit(limits)
        os.execvpe(argv[0], argv, os.environ)  # noqa: S606 (an argument vector, as intended)
    except OSError as error:
        os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
    os._exit(127)


def _limit(limits: dict[str, int]) -> None:
    wanted = {
        resource.RLIMIT_CPU: limits["cpu_seconds"],
        resource.RLIMIT_DATA: limits["memory_bytes"],
        resource.RLIMIT_FSIZE: limits["file_bytes"],
        resource.RLIMIT_NOFILE: limits["open_files"],
        resource.RLIMIT_CORE: 0,
    }
    if sys.platform == "linux":
        wanted[resource.RLIMIT_NPROC] = _tasks_of_this_user() + limits["processes"]
    for what, value in wanted.items():
        most = resource.getrlimit(what)[1]
        hard = value + 2 if most == resource.RLIM_INFINITY else min(value + 2, most)  # over the soft one a signal tells why
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (min(value, hard), hard))


def _watch(child: int, limits: dict[str, int]) -> tuple[str, str, "int | None"]:
    """Until the program ends, our input closes, or its family grows over a limit."""
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return "exited", "", status
        _reap_others(child)
        readable, _, _ = select.select([0], [], [], POLL_SECONDS)
        if readable and not os.read(0, 1):
            return "cancelled", "", None
        family = _family()
        if len(family) > limits["processes"]:
            return "killed_by_limit", "number of processes", None
        if sum(map(_resident_bytes, family)) > limits["memory_bytes"]:
            return "killed_by_limit", "memory", None


def _end_everything(child: int, grace: float) -> None:
    """Ask, wait a little, then kill, until no descendant is left (new ones are ours: we are their reaper)."""
    if grace:
        _signal_group(child, signal.SIGTERM)
        until = time.monotonic() + grace
        while _family() and time.monotonic() < until:
            _reap_others(child)
            if _is_zombie(child) and len(_family()) == 1:
                break
            time.sleep(0.02)
    _signal_group(child, signal.SIGKILL)
    until = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < until:
        left = [pid for pid in _family() if not _is_zombie(pid)]
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        _reap_others(child)
        if not left:
            return
        time.sleep(0.01)


def _family() -> "list[int]":
    """Every descendant of this process, those that made sessions of their own included (Linux; elsewhere none)."""
    found, waiting = [], [os.getpid()]
    while waiting:
        for child in _children_of(waiting.pop()):
            found.append(child)
            waiting.append(child)
    return found


def _children_of(pid: int) -> "list[int]":
    children = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                children += [int(word) for word in (task / "children").read_text().split()]
    return children


def _resident_bytes(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError, ValueError):
        fields = Path(f"/proc/{pid}/statm").read_text().split()
        return (int(fields[1]) - int(fields[2])) * PAGE
    return 0


def _is_zombie(pid: int) -> bool:
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def _tasks_of_this_user() -> int:
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid == os.getuid():
                count += sum(1 for _ in (process / "task").iterdir())
    return count


def _reap_others(child: int) -> None:
    """Bury adopted orphans; the program itself is waited for elsewhere."""
    for pid in _children_of(os.getpid()):
        if pid != child and _is_zombie(pid):
            with contextlib.suppress(OSError):
                os.waitpid(pid, os.WNOHANG)


def _signal_group(child: int, number: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(child, number)


def _collect(child: int) -> int:
    with contextlib.suppress(OSError):
        return os.waitpid(child, 0)[1]
    return signal.SIGKILL


def _tell(report: int, news: "dict[str, object]") -> None:
    with contextlib.suppress(OSError):
        os.write(report, json.dumps(news).encode())


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main())
