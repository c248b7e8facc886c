"""A database and a role of its own for each environment, in the PostgreSQL that Timonel itself uses."""

from __future__ import annotations

import re
import secrets
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from django.conf import settings
from django.db import transaction
from psycopg import sql

from controlplane.core.errors import OutsideError
from workloads.models import Environment

CONNECT_SECONDS = 10
LONGEST_NAME = 63


def ensure(environment: Environment) -> str:
    """The address of the environment's own database; role and database are made where they are missing.

    The address is sealed in the row before anything is made, so that a repeat after a crash makes the same role.
    Raises OutsideError when the server cannot be reached or does not let us.
    """
    address = _promise(environment)
    parts = urlsplit(address)
    role, password, name = parts.username or "", parts.password or "", parts.path.lstrip("/")
    try:
        with psycopg.connect(settings.DATABASE_URL, autocommit=True, connect_timeout=CONNECT_SECONDS) as server:
            _ensure_role(server, role, password)
            _ensure_database(server, name, role)
    except psycopg.Error as error:
        raise OutsideError(
            f"No database could be made for {environment}: {str(error).strip().splitlines()[0]}.",
            cure="Let the role of DATABASE_URL create roles and databases, or set the variable DATABASE_URL of the environment.",
        ) from error
    return address


def drop(environment: Environment) -> None:
    """Delete the environment's own database and role, whoever is connected."""
    if not environment.database_url:
        return
    parts = urlsplit(environment.database_url)
    role, name = sql.Identifier(parts.username or ""), sql.Identifier(parts.path.lstrip("/"))
    with psycopg.connect(settings.DATABASE_URL, autocommit=True, connect_timeout=CONNECT_SECONDS) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        server.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(role))


def _promise(environment: Environment) -> str:
    """The address as it is in the row, or a new one put there: one, whoever asks at the same time."""
    with transaction.atomic():
        row = Environment.objects.select_for_update().select_related("application").get(pk=environment.pk)
        if not row.database_url:
            row.database_url = _new_address(row)
            row.save(update_fields=["database_url"])
    environment.database_url = row.database_url
    return str(row.database_url)


def _new_address(environment: Environment) -> str:
    server = urlsplit(settings.DATABASE_URL)
    words = re.sub(r"\W+", "_", f"app_{environment.application.name}_{environment.name}")
    name = f"{words[: LONGEST_NAME - 22]}_{environment.pk}_{secrets.token_hex(3)}"
    host = server.hostname or "localhost"
    place = f"{f'[{host}]' if ':' in host else host}:{server.port or 5432}"
    return urlunsplit(("postgresql", f"{name}:{quote(secrets.token_urlsafe(24))}@{place}", f"/{name}", server.query, ""))


def _ensure_role(server: psycopg.Connection, role: str, password: str) -> None:
    found = server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = sql.SQL("ALTER ROLE" if found else "CREATE ROLE")
    statement = sql.SQL("{} {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}")
    server.execute(statement.format(verb, sql.Identifier(role), sql.Literal(password)))


def _ensure_database(server: psycopg.Connection, name: str, role: str) -> None:
    """The role owns its database; nobody else may connect, nor does it see the others' tables."""
    if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        server.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))
        server.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(sql.Identifier(name), sql.Identifier(role)))
    server.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
