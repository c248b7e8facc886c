"""Argument vectors as they are in a pod: listening outside of it, ending in time, writing where one may write."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from workloads.manifests.profile import Process

HERE = re.compile(r"^(?P<option>--[\w-]+=|-b=?)?(?:127\.0\.0\.1|localhost)(?=$|:)")
EVERYWHERE = "0.0.0.0"  # noqa: S104  in a pod: the Service must reach it
SINGLE = frozenset({"runapscheduler", "rqscheduler", "rq-scheduler", "celery-beat"})  # schedulers beside Celery's
SCHEDULER = re.compile(r"(^|\s)(-S|--scheduler|-s|--schedule)(\s|=)")
CELERY_WORKER = re.compile(r"\bcelery\b.*\sworker(\s|$)")
SHARED_MEMORY = "/dev/shm"  # noqa: S108  always there, and never on a slow disk


def listens(process: Process) -> bool:
    """Whether the process answers at the port."""
    return process.name == "web" or any("{port}" in word for word in process.argv)


def alone(process: Process) -> bool:
    """Whether two of it would do everything twice: a scheduler."""
    argv = process.argv
    if "celery" in {program(argv), *argv[:3]}:
        words = {word for before, word in pairwise(("", *argv)) if before not in {"-A", "--app", "-n", "-Q", "--queues"}}
        return bool(words & {"beat", "-B", "--beat"})
    if "run_huey" in argv:
        return not {"-n", "--no-periodic"} & set(argv)
    return bool(SINGLE & {*argv, program(argv)})


def celery_worker(process: Process) -> bool:
    """Whether it is a worker of Celery."""
    return bool(CELERY_WORKER.search(" ".join(process.argv)))


def adapted(process: Process, *, port: int, grace: int) -> list[str]:
    """The vector for a container. `grace` is in seconds."""
    argv = list(process.argv)
    if listens(process):
        argv = [HERE.sub(lambda found: f"{found['option'] or ''}{EVERYWHERE}", word) for word in argv]
    argv = with_port(argv, port)
    return [*argv, *_added(argv, grace)]


def with_port(argv: Sequence[str], port: int) -> list[str]:
    """The vector with the port filled in."""
    return [word.replace("{port}", str(port)) for word in argv]


def program(argv: Sequence[str]) -> str:
    """The program's own name, also where Python runs it as a module."""
    if len(argv) > 2 and re.search(r"(^|/)python[\d.]*$", argv[0]) and argv[1] == "-m":
        return argv[2]
    return argv[0].rpartition("/")[2] if argv else ""


def _added(argv: Sequence[str], grace: int) -> list[str]:
    name = program(argv)
    if name == "gunicorn":
        return _unless(argv, "--graceful-timeout", str(grace)) + _unless(argv, "--worker-tmp-dir", SHARED_MEMORY)
    if name == "uvicorn":
        return _unless(argv, "--timeout-graceful-shutdown", str(grace))
    if name == "hypercorn":
        return _unless(argv, "--graceful-timeout", str(grace))
    if name == "celery" and "beat" in argv and not SCHEDULER.search(" ".join(argv)):
        return ["--schedule", "/tmp/celerybeat-schedule"]  # noqa: S108  the one folder a pod may write to
    return []


def _unless(argv: Sequence[str], option: str, value: str) -> list[str]:
    there = any(word == option or word.startswith(f"{option}=") for word in argv)
    return [] if there else [option, value]
