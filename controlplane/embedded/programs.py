"""The programs under the supervisor: what runs, with which arguments, variables and manners of stopping."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from controlplane.embedded import account, environments
from controlplane.embedded.children import Program
from controlplane.embedded.folder import Folder
from controlplane.embedded.ports import LOOPBACK
from controlplane.embedded.postgres import Postgres
from controlplane.embedded.valkey import Valkey

MANAGE = Path(__file__).resolve().parent.parent.parent / "manage.py"
ROOT = MANAGE.parent
WORKER_THREADS = 6


def postgres(folder: Folder, server: Postgres) -> Program:
    """PostgreSQL; SIGINT is its fast shutdown."""
    return Program(
        "postgres",
        tuple(server.command()),
        environments.plain(),
        folder.log("postgres"),
        user=account.needed(),
        stop_signal=signal.SIGINT,
        grace_seconds=20,
    )


def valkey(folder: Folder, server: Valkey) -> Program:
    """Valkey, ours or the applications'; each is called as its folder is."""
    name = server.folder.name
    return Program(name, tuple(server.command()), environments.plain(), folder.log(name), grace_seconds=5)


def web(folder: Folder, port: int) -> Program:
    """The web server."""
    return _timonel(folder, "web", "-m", "daphne", "-b", LOOPBACK, "-p", str(port), "controlplane.asgi:application", grace=4)


def worker(folder: Folder) -> Program:
    """The worker: threads, since a run mostly waits for tools."""
    options = ["--pool=threads", f"--concurrency={WORKER_THREADS}", "--without-gossip", "--without-mingle", "--loglevel=INFO"]
    return _timonel(folder, "worker", "-m", "celery", "-A", "controlplane", "worker", *options, grace=5, builds=True)


def beat(folder: Folder) -> Program:
    """The scheduler."""
    return _timonel(folder, "beat", "-m", "celery", "-A", "controlplane", "beat", "--pidfile=", "--loglevel=INFO", grace=4)


def host(folder: Folder) -> Program:
    """The host of deployed applications; stopping it stops them."""
    return _timonel(folder, "host", str(MANAGE), "host", grace=25, builds=True)


def errand(folder: Folder, *arguments: str, administrator: bool = False) -> tuple[list[str], dict[str, str]]:
    """A command of manage.py that ends by itself: its argument vector and environment."""
    command = [sys.executable, str(MANAGE), *arguments]
    return command, environments.timonel(str(folder.path), builds=True, administrator=administrator)


def _timonel(folder: Folder, name: str, *arguments: str, grace: float, builds: bool = False) -> Program:
    environment = environments.timonel(str(folder.path), builds=builds) | {"PYTHONPATH": str(ROOT)}
    return Program(name, (sys.executable, *arguments), environment, folder.log(name), grace_seconds=grace)
