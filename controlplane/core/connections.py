"""Giving database connections back before a wait: nobody holds one while the world takes its time."""

from __future__ import annotations

from django.db import connections


def give_back() -> None:
    """Return this thread's connections to the pool, unless a transaction is open; the next query takes one again."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
