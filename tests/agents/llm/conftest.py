"""A model that answers as scripted, connected as the default endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from agents.models import ModelEndpoint
from tests.agents.model_server import ModelServer


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """A scripted model server on loopback."""
    with ModelServer() as running:
        yield running


@pytest.fixture
def endpoint(server: ModelServer, transactional_db: None) -> ModelEndpoint:
    """It, connected as the default, with patience of a test."""
    return ModelEndpoint.objects.create(
        name="scripted",
        address=server.address,
        model="scripted",
        key="endpoint-key-4711",
        private=True,
        is_default=True,
        timeout_seconds=4,
        stall_seconds=1,
        price_in=Decimal("2.5"),
        price_out=Decimal(10),
    )
