"""A fake cluster, a scripted model, and the environment they meet in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import afloat
from tests.agents.investigating import scripted
from tests.agents.investigating.scripted import Place
from tests.agents.model_server import ModelServer
from tests.fake_cluster import FakeCluster


@pytest.fixture(scope="module")
def harbour() -> Iterator[FakeCluster]:
    """One cluster for a module: nobody writes to it."""
    with FakeCluster() as made:
        afloat.launch(made)
        yield made


@pytest.fixture
def place(harbour: FakeCluster, transactional_db: None) -> Iterator[Place]:
    """No model is connected yet."""
    with ModelServer() as server:
        yield scripted.place(harbour, server)
