"""The first promise: in an empty clone, one command ends with the sample application answering."""

from __future__ import annotations

import pytest

from tests import bench


@pytest.mark.slow
@pytest.mark.alone
def test_one_command_in_an_empty_clone_deploys_the_sample_and_the_next_is_quick() -> None:
    with bench.empty_clone() as clone:
        first = bench.demo(clone)
        assert first.exit_code == 0, first.said
        assert first.seconds <= bench.FIRST_SECONDS, first.said
        second = bench.demo(clone)
    assert second.exit_code == 0, second.said
    assert "Installing" not in second.said
    assert second.seconds <= bench.SECOND_SECONDS, second.said
