"""No database connection is held while something outside is waited for."""

from __future__ import annotations

from django.db import connections


def release() -> None:
    """Give this thread's connections back, before it waits for a child, a server or a person; the next query takes one again.

    Inside a transaction nothing is given back: whoever waits there holds a lock, and that is the defect to mend.
    """
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
