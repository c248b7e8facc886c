"""What must be there for Timonel to work: the database, its migrations, Valkey."""

from __future__ import annotations

from collections.abc import Callable

from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from redis import RedisError

OK = "ok"


def look() -> dict[str, str]:
    """`ok` or what is wrong, of each. Says nothing of addresses: anybody may ask."""
    looks = {"database": _database, "migrations": _migrations, "valkey": _valkey}
    return {name: _said(looked) for name, looked in looks.items()}


def _said(looked: Callable[[], str]) -> str:
    try:
        return looked()
    except (DatabaseError, RedisError, OSError):
        return "It does not answer."


def _database() -> str:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT 1")
    return OK


def _migrations() -> str:
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(missing)} to be applied." if missing else OK


def _valkey() -> str:
    cache.set("ready", 1, 5)
    return OK if cache.get("ready") == 1 else "It forgets."
