"""The Pythons of this machine are found, chosen, or asked for."""

from __future__ import annotations

import pytest

from controlplane.core.errors import Invalid
from workloads.adapters import toolchain

HERE = toolchain.installed_pythons()


def test_pythons_are_found_newest_first_and_none_of_them_is_an_environment() -> None:
    versions = [tuple(map(int, python.version.split("."))) for python in HERE]
    assert versions == sorted(versions, reverse=True)
    assert versions
    assert not any((python.path.parent.parent / "pyvenv.cfg").exists() for python in HERE)


@pytest.mark.parametrize("form", ["{0}", "python-{0}", "=={0}", "{0}.99", "=={0}.*", "~={0}.0"])
def test_a_version_means_its_series_however_it_is_written(form: str) -> None:
    minor = HERE[0].minor
    assert toolchain.find_python(form.format(minor)).minor == minor


def test_the_exact_version_is_taken_where_it_is_installed() -> None:
    assert toolchain.find_python(HERE[-1].version).version == HERE[-1].version


def test_of_a_range_the_preferred_one_is_taken() -> None:
    for python in HERE:
        assert toolchain.find_python(">=3.0", python.minor).minor == python.minor


def test_a_python_that_is_not_here_says_which_are_and_how_to_get_it() -> None:
    with pytest.raises(Invalid) as refusal:
        toolchain.find_python("3.99")
    assert HERE[0].version in refusal.value.message
    assert "3.99" in refusal.value.cure


def test_nonsense_is_refused() -> None:
    with pytest.raises(Invalid):
        toolchain.find_python("the newest")
