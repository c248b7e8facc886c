"""Where LangGraph keeps a run's state: PostgreSQL, written in the same transaction that checks the lease."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from psycopg import Connection, Cursor
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from agents.leases import Lease
from controlplane.core.errors import LeaseLost
from controlplane.core.redaction import redact

SETUP_LOCK = 0x7113_C4EC  # one process makes the tables
HELD = "SELECT 1 FROM agents_run WHERE id = %s AND fence = %s AND status = 'running' FOR SHARE"

Pool = ConnectionPool[Connection[DictRow]]
Address = tuple[tuple[str, Any], ...]
_pools: dict[tuple[int, Address], Pool] = {}
_making = threading.Lock()


class Plain(JsonPlusSerializer):
    """Plain values only: what is in the database is never revived into an object of ours. Of an error its text, redacted."""

    def __init__(self) -> None:
        super().__init__(pickle_fallback=False, allowed_msgpack_modules=None)

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """The value as it is stored."""
        return super().dumps_typed(redact(f"{type(obj).__name__}: {obj}") if isinstance(obj, BaseException) else obj)


class FencedSaver(PostgresSaver):
    """A PostgresSaver whose every write is refused once its lease is lost."""

    def __init__(self, pool: Pool, lease: Lease) -> None:
        super().__init__(pool, serde=Plain())
        self._lease = lease

    @contextmanager
    def _cursor(self, *, pipeline: bool = False) -> Iterator[Cursor[DictRow]]:
        """The parent writes with `pipeline`, and only writes do; reads need no lease."""
        if not pipeline:
            with super()._cursor() as cursor:
                yield cursor
            return
        assert isinstance(self.conn, ConnectionPool)
        with self.conn.connection() as held, held.transaction(), held.cursor(binary=True, row_factory=dict_row) as cursor:
            if not cursor.execute(HELD, (self._lease.run, self._lease.fence)).fetchone():
                raise LeaseLost(f"Run {self._lease.run} is driven by another worker now.")
            yield cursor


def saver(lease: Lease) -> FencedSaver:
    """The saver of one driven run."""
    return FencedSaver(_pool(), lease)


def thread(run_id: int) -> str:
    """LangGraph's name for the run's checkpoints."""
    return f"run-{run_id}"


def all_runs() -> set[int]:
    """The runs that have checkpoints."""
    with _pool().connection() as held:
        rows = held.execute("SELECT DISTINCT thread_id FROM checkpoints WHERE thread_id LIKE 'run-%'").fetchall()
    return {int(row["thread_id"].removeprefix("run-")) for row in rows}


def forget(run_ids: Iterable[int]) -> None:
    """Delete all checkpoints of these runs: they will never be resumed."""
    PostgresSaver(_pool()).prune([thread(pk) for pk in run_ids], strategy="delete")


def thin(run_ids: Iterable[int]) -> None:
    """Keep only the newest checkpoint of these runs."""
    PostgresSaver(_pool()).prune([thread(pk) for pk in run_ids], strategy="keep_latest")


def close() -> None:
    """Close this process's pool, as a test does before its database is dropped."""
    with _making:
        while _pools:
            _pools.popitem()[1].close()


def _address() -> Address:
    """Where Django's own connections go, so that tests and replicas of settings agree."""
    names = ("host", "port", "user", "password", "dbname")
    given = connection.get_connection_params()
    return tuple((name, given[name]) for name in names if given.get(name))


def _pool() -> Pool:
    """One pool a process (a fork makes its own): small, because a checkpoint takes a connection for a moment only."""
    key = (os.getpid(), _address())
    with _making:
        if key not in _pools:
            _pools[key] = _open(dict(key[1]))
        return _pools[key]


def _open(address: dict[str, Any]) -> Pool:
    kwargs = {
        **address,
        "autocommit": True,
        "prepare_threshold": None,
        "row_factory": dict_row,
        "application_name": "timonel-checkpoints",
    }
    pool: Pool = ConnectionPool(
        kwargs=kwargs, min_size=0, max_size=4, timeout=10, max_idle=60, check=ConnectionPool.check_connection, open=True
    )
    with pool.connection() as held:
        held.execute("SELECT pg_advisory_lock(%s)", (SETUP_LOCK,))
        try:
            PostgresSaver(held).setup()
        finally:
            held.execute("SELECT pg_advisory_unlock(%s)", (SETUP_LOCK,))
    return pool
