"""The stage of the tests of changes."""

from __future__ import annotations

import pytest

from tests.workloads.stage import Stage, stage


@pytest.fixture
def production(db: None) -> Stage:
    """`shop/production`: one approver, two for a high risk."""
    return stage("production")


@pytest.fixture
def local(db: None) -> Stage:
    """`shop/local`: approves itself."""
    return stage("local", "local")
