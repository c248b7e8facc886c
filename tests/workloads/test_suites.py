"""Reports of test runs as runners really write them, whole and cut off."""

from pathlib import Path

import pytest

from workloads import pytest_settings
from workloads.suites import read_junit, read_unittest

FAILED = """Found 3 test(s).
System check identified no issues (0 silenced).
E.F
======================================================================
ERROR: test_a (shop.tests.ItemTest.test_a)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/copy/shop/tests.py", line 7, in test_a
    Item.objects.get()
  File "/env/lib/python3.12/site-packages/django/db/models/query.py", line 649, in get
    raise self.model.DoesNotExist(
shop.models.Item.DoesNotExist: Item matching query does not exist.

======================================================================
FAIL: test_c (shop.tests.ItemTest.test_c)
What it is about.
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/copy/shop/tests.py", line 12, in test_c
    self.assertEqual(1, 2)
AssertionError: 1 != 2

----------------------------------------------------------------------
Ran 3 tests in 0.012s

FAILED (failures=1, errors=1, skipped=0)
"""
JUNIT = """<?xml version="1.0"?><testsuites><testsuite time="1.5" tests="3">
<testcase classname="shop.tests" name="test_a" time="0.1"/>
<testcase classname="shop.tests" name="test_b"><skipped message="no"/></testcase>
<testcase classname="shop.tests.Item" name="test_c"><failure message="assert 1 == 2">def test_c():
&gt;       assert 1 == 2
E       assert 1 == 2

shop/tests.py:9: AssertionError</failure></testcase>
</testsuite></testsuites>"""


def test_djangos_runner_is_read() -> None:
    suite = read_unittest(FAILED)
    assert (suite.collected, suite.passed, len(suite.failed), suite.complete) == (3, 1, 2, True)
    first, second = suite.failed
    assert (first.name, first.path, first.line) == ("shop.tests.ItemTest.test_a", "/copy/shop/tests.py", 7)
    assert first.message == "shop.models.Item.DoesNotExist: Item matching query does not exist."
    assert second.message == "AssertionError: 1 != 2"


def test_names_of_older_pythons_are_made_whole() -> None:
    suite = read_unittest(FAILED.replace("(shop.tests.ItemTest.test_a)", "(shop.tests.ItemTest)"))
    assert suite.failed[0].name == "shop.tests.ItemTest.test_a"


@pytest.mark.parametrize("cut", [10, 200, 900])
def test_a_run_that_was_cut_off_is_not_complete(cut: int) -> None:
    assert not read_unittest(FAILED[:cut]).complete
    assert not read_junit(JUNIT[: cut // 3]).complete


@pytest.mark.parametrize("last", ["OK (skipped=2)", "OK", "NO TESTS RAN"])
def test_every_way_to_end_is_known(last: str) -> None:
    suite = read_unittest(f"Ran 2 tests in 1.000s\n\n{last}\nDestroying test database for alias 'default'...\n")
    assert suite.complete
    assert suite.skipped == (2 if "skipped" in last else 0)


def test_junit_is_read() -> None:
    suite = read_junit(JUNIT)
    assert (suite.collected, suite.skipped, suite.passed, suite.seconds) == (3, 1, 1, 1.5)
    (failed,) = suite.failed
    assert (failed.name, failed.message, failed.path, failed.line) == (
        "shop.tests.Item::test_c",
        "assert 1 == 2",
        "shop/tests.py",
        9,
    )


def test_what_pytest_is_told_about_choosing_tests_is_kept(tmp_path: Path) -> None:
    options = "-n auto --cov -m 'not slow' --ignore=e2e -p no:x"
    text = f"[tool.pytest.ini_options]\nDJANGO_SETTINGS_MODULE = 'a.test'\naddopts = \"{options}\"\n"
    (tmp_path / "pyproject.toml").write_text(text)
    (tmp_path / "src").mkdir()
    found = pytest_settings.find(tmp_path / "src", tmp_path)
    assert (found.folder, found.settings_module) == (tmp_path.resolve(), "a.test")
    assert found.options == ("-m", "not slow", "--ignore=e2e", "-p", "no:x")


def test_pytests_own_order_of_files_is_followed(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").write_text("[tool:pytest]\nDJANGO_SETTINGS_MODULE = last\n")
    assert pytest_settings.find(tmp_path, tmp_path).settings_module == "last"
    (tmp_path / "tox.ini").write_text("[pytest]\naddopts = --ds=third\n")
    assert pytest_settings.find(tmp_path, tmp_path).settings_module == "third"
    (tmp_path / "pytest.ini").write_text("[pytest]\nDJANGO_SETTINGS_MODULE = first\n")
    assert pytest_settings.find(tmp_path, tmp_path).settings_module == "first"


def test_nothing_is_looked_for_above_the_repository(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nDJANGO_SETTINGS_MODULE = outside\n")
    (tmp_path / "repository").mkdir()
    assert not pytest_settings.find(tmp_path / "repository", tmp_path / "repository").settings_module


def test_settings_that_a_conftest_sets_are_those_of_the_tests(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "conftest.py").write_text('os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")\n')
    assert pytest_settings.find(tmp_path, tmp_path).settings_module == "tests.settings"
    (tmp_path / "conftest.py").write_text("os.environ['DJANGO_SETTINGS_MODULE'] = 'nearer'\n")
    assert pytest_settings.find(tmp_path, tmp_path).settings_module == "nearer"
