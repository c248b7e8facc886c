"""The day partitions of run events: made ahead, and dropped whole when they are old."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import connection, transaction
from psycopg import sql

AHEAD_DAYS = 7
KEEP_DAYS = 90
PREFIX = "agents_runevent_"
TRIGGER = "agents_runevent_append_only"


def prepare(today: date, days: int = AHEAD_DAYS) -> list[str]:
    """Make the partitions of today and the days ahead that are missing; return their names."""
    return [name for name in (_make(today + timedelta(days=ahead)) for ahead in range(days + 1)) if name]


def drop_before(day: date) -> list[str]:
    """Drop the partitions of days before this one; return their names."""
    old = [name for name in existing() if name < f"{PREFIX}{day:%Y%m%d}"]
    for name in old:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
    return old


def existing() -> list[str]:
    """The names of the day partitions, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = 'agents_runevent'::regclass AND c.relname ~ '^agents_runevent_[0-9]{8}$' ORDER BY 1"
        )
        return [name for (name,) in cursor.fetchall()]


def _make(day: date) -> str:
    """Make one day's partition, with the rows of that day that the default partition holds; '' when it is there.

    Two workers may try at once: the second waits for the first and finds it made. Writers wait at most three seconds.
    """
    name = f"{PREFIX}{day:%Y%m%d}"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '3s'")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [PREFIX])
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone() != (None,):
            return ""
        cursor.execute("LOCK TABLE agents_runevent IN SHARE ROW EXCLUSIVE MODE")
        for statement in _STATEMENTS:
            cursor.execute(
                sql.SQL(statement).format(
                    name=sql.Identifier(name),
                    trigger=sql.Identifier(TRIGGER),
                    day=sql.Literal(day),
                    after=sql.Literal(day + timedelta(days=1)),
                )
            )
    return name


# Rows may have come for that day while it had no partition: they are moved, which the append-only trigger must not see.
_STATEMENTS = (
    "CREATE TABLE {name} (LIKE agents_runevent INCLUDING DEFAULTS INCLUDING CONSTRAINTS)",
    "INSERT INTO {name} SELECT * FROM agents_runevent_default WHERE day = {day}",
    "ALTER TABLE agents_runevent_default DISABLE TRIGGER {trigger}",
    "DELETE FROM agents_runevent_default WHERE day = {day}",
    "ALTER TABLE agents_runevent_default ENABLE TRIGGER {trigger}",
    "ALTER TABLE agents_runevent ATTACH PARTITION {name} FOR VALUES FROM ({day}) TO ({after})",
)
