"""PostgreSQL and Valkey: the embedded ones, or those that DATABASE_URL and REDIS_URL name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import psycopg
import redis
from django.conf import settings

from controlplane.core.errors import OutsideError
from controlplane.embedded import keys, programs
from controlplane.embedded.children import Child, Program
from controlplane.embedded.folder import Folder
from controlplane.embedded.postgres import Postgres
from controlplane.embedded.screen import Screen
from controlplane.embedded.valkey import Valkey

APPLICATIONS = "TIMONEL_APPLICATIONS_REDIS_URL"


class Wait(Protocol):
    """The supervisor's way of waiting for a child."""

    def __call__(self, ready: Callable[[], bool], what: str, seconds: float, child: Child) -> None: ...


@dataclass(frozen=True, slots=True)
class Servers:
    """What the supervisor needs to have answering before anything else."""

    folder: Folder
    screen: Screen
    launch: Callable[[Program], Child]
    wait: Wait
    public: str  # the address people will open

    def start(self) -> None:
        """Start what is not named by the environment, check what is, and publish the addresses."""
        postgres = None if named("DATABASE_URL") else Postgres(self.folder.path / "postgres")
        valkey = None if named("REDIS_URL") else Valkey(self.folder.path / "valkey")
        addresses = {"TIMONEL_PUBLIC_URL": self.public}
        beside = None if named(APPLICATIONS) else Valkey(self.folder.path / "applications-valkey", keeps=True)
        with self.screen.step(_title(postgres, valkey)):
            waiting = self._start_all(postgres, valkey, beside)
            for ready, what, child in waiting:
                self.wait(ready, what, 60, child)
            if postgres:
                postgres.ensure_database()
                addresses["DATABASE_URL"] = postgres.url()
            if valkey:
                addresses["REDIS_URL"] = valkey.url
            if beside:
                addresses[APPLICATIONS] = beside.url
            keys.write(self.folder.services, json.dumps(addresses))
            _check_named(postgres is None, valkey is None)

    def _start_all(self, postgres: Postgres | None, *valkeys: Valkey | None) -> list[tuple[Callable[[], bool], str, Child]]:
        waiting: list[tuple[Callable[[], bool], str, Child]] = []
        with ThreadPoolExecutor(1) as beside:
            initialised = beside.submit(postgres.initialise) if postgres else None
            for valkey in filter(None, valkeys):
                valkey.initialise()
                waiting.append((valkey.answers, "Valkey", self.launch(programs.valkey(self.folder, valkey))))
            if postgres and initialised:
                initialised.result()
                waiting.append((postgres.answers, "PostgreSQL", self.launch(programs.postgres(self.folder, postgres))))
        return waiting


def named(name: str) -> bool:
    """Whether the environment names this server."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def _title(postgres: Postgres | None, valkey: Valkey | None) -> str:
    words = [
        "Starting PostgreSQL 18" if postgres else "Using the PostgreSQL of DATABASE_URL",
        "Valkey" if valkey else "the server of REDIS_URL",
    ]
    return " and ".join(words)


def _check_named(database: bool, queue: bool) -> None:
    """Ask the servers that the environment names for an answer; raise OutsideError when there is none."""
    try:
        if database:
            psycopg.connect(settings.DATABASE_URL, connect_timeout=5).close()
        if queue:
            with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=5) as client:
                client.ping()
    except (psycopg.OperationalError, redis.RedisError, ValueError) as error:
        name = "DATABASE_URL" if isinstance(error, psycopg.Error) else "REDIS_URL"
        place = urlsplit(getattr(settings, name)).hostname
        raise OutsideError(
            f"The server that {name} names ({place}) does not answer: {str(error).strip()[:300]}",
            cure=f"Start it, correct {name}, or unset {name} to have Timonel bring its own.",
        ) from error
