"""A database of its own for each environment, in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings

from controlplane.core.errors import OutsideError
from workloads.adapters import databases
from workloads.models import Application, Environment


@pytest.fixture
def environments(db: None) -> Iterator[list[Environment]]:
    application = Application.objects.create(name="shop", repository="/nowhere")
    made = [Environment.objects.create(application=application, name=name) for name in ("local", "staging")]
    yield made
    for environment in made:
        databases.drop(environment)


def test_asking_again_gives_the_same_database(environments: list[Environment]) -> None:
    address = databases.ensure(environments[0])
    with psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE kept (id int)")
    assert databases.ensure(Environment.objects.get(pk=environments[0].pk)) == address
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_the_role_may_not_enter_other_databases(environments: list[Environment]) -> None:
    mine, other = (databases.ensure(environment) for environment in environments)
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(mine.rpartition("/")[0] + urlsplit(other).path)


def test_what_a_crash_left_half_made_is_made_whole(environments: list[Environment]) -> None:
    address = urlsplit(databases.ensure(environments[0]))
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as server:
        server.execute(f"DROP DATABASE {address.path[1:]}".encode())
        server.execute(f"ALTER ROLE {address.username} PASSWORD 'other'".encode())
    databases.ensure(environments[0])
    psycopg.connect(address.geturl()).close()


def test_the_address_is_sealed_in_its_row(environments: list[Environment]) -> None:
    from django.db import connection

    password = urlsplit(databases.ensure(environments[0])).password
    with connection.cursor() as cursor:
        cursor.execute("SELECT database_url FROM workloads_environment WHERE id = %s", [environments[0].pk])
        assert str(password) not in cursor.fetchone()[0]


def test_a_server_that_is_away_is_said_with_the_cure(environments: list[Environment], settings: object) -> None:
    settings.DATABASE_URL = "postgresql://nobody:x@127.0.0.1:9/nothing"  # type: ignore[attr-defined]
    with pytest.raises(OutsideError, match="DATABASE_URL"):
        databases.ensure(environments[0])
