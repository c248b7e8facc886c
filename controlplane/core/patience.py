"""Reads that a person can make as wide as they like, given up before they hurt anybody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from controlplane.core.errors import TimonelError


@contextmanager
def at_most(seconds: float, otherwise: TimonelError) -> Iterator[None]:
    """Within, the database gives up each question after so long, and `otherwise` is raised. For reads only.

    It uses indexes wherever it can: reading the words of a line again costs far more than the planner believes.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{int(seconds * 1000)}ms"])
            cursor.execute("SET LOCAL enable_seqscan TO off")
            yield
            cursor.execute("SET LOCAL enable_seqscan TO DEFAULT; SET LOCAL statement_timeout TO DEFAULT")
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise otherwise from error
        raise
