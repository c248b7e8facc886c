"""A database for tests: a role that may make databases, on Timonel's own server, gone afterwards with all it made."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from psycopg import sql

from controlplane.core.errors import OutsideError

CONNECT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Scratch:
    """Where tests may make their databases."""

    host: str
    port: int
    name: str
    password: str

    def as_settings(self) -> dict[str, str | int]:
        """As an entry of DATABASES; role and database have the same name."""
        return {"HOST": self.host, "PORT": self.port, "USER": self.name, "PASSWORD": self.password, "NAME": self.name}


@contextmanager
def scratch_database() -> Iterator[Scratch]:
    """A role and an empty database of its own; both go at the end, with every database the role made.

    Raises OutsideError when the server does not answer or does not let us.
    """
    server = urlsplit(settings.DATABASE_URL)
    scratch = Scratch(server.hostname or "localhost", server.port or 5432, f"tests_{secrets.token_hex(6)}", secrets.token_hex(16))
    role = sql.Identifier(scratch.name)
    try:
        with _server() as connection:
            create = sql.SQL("CREATE ROLE {} LOGIN CREATEDB NOSUPERUSER NOCREATEROLE PASSWORD {}")
            connection.execute(create.format(role, sql.Literal(scratch.password)))
            connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(role, role))
    except psycopg.Error as error:
        raise OutsideError(
            f"No database for the tests could be made: {str(error).strip().splitlines()[0]}",
            cure="Let the role of DATABASE_URL create roles and databases.",
        ) from error
    try:
        yield scratch
    finally:
        _remove(scratch.name)


def _remove(name: str) -> None:
    with _server() as connection:
        owned = "SELECT datname FROM pg_database JOIN pg_roles ON datdba = pg_roles.oid WHERE rolname = %s"
        for (database,) in connection.execute(owned, [name]).fetchall():
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
        connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))


def _server() -> psycopg.Connection:
    return psycopg.connect(settings.DATABASE_URL, autocommit=True, connect_timeout=CONNECT_SECONDS)
