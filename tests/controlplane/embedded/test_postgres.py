"""The embedded PostgreSQL itself, started for these tests alone."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.servers import Servers


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    servers = Servers()
    yield servers.start()["DATABASE_URL"]
    servers.stop()


def test_a_role_of_an_application_may_not_enter_timonels_own_database(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as server:
        server.execute("CREATE ROLE app_shop LOGIN PASSWORD 'open'")
    parts = urlsplit(address)
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(parts._replace(netloc=f"app_shop:open@{parts.hostname}:{parts.port}").geturl())
