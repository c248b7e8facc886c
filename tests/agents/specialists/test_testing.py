"""The testing specialist runs real suites, and is honest about what came of them."""

from __future__ import annotations

import psycopg
import pytest
from django.conf import settings

from agents.specialists import testing
from tests.agents.specialists.conftest import FILES, Desk
from workloads.models import Variable
from workloads.verdicts import Verdict

HEAD = "from django.test import TestCase\nfrom shop.models import Item\nclass ItemTest(TestCase):\n"


def test_a_suite_that_passes_is_counted_and_covered(desk: Desk) -> None:
    found = desk.ask("testing")
    assert found.verdict == Verdict.PASSED, found.summary
    assert found.data["collected"] == found.data["passed"] == 1
    assert found.data["coverage"] > 50


def test_a_failing_test_is_named_with_its_message(desk: Desk) -> None:
    desk.write("shop/tests.py", HEAD + "    def test_it(self):\n        self.assertEqual(1, 2, 'one is not two')\n")
    found = desk.ask("testing")
    assert found.verdict == Verdict.FAILED
    assert "shop.tests.ItemTest.test_it: AssertionError: 1 != 2 : one is not two" in found.summary
    (fact,) = found.facts
    assert (fact.path, fact.line) == ("shop/tests.py", 5)


def test_no_tests_are_not_a_pass(desk: Desk) -> None:
    desk.write("shop/tests.py", "from django.test import TestCase\n")
    assert desk.ask("testing").verdict == Verdict.NOT_EVALUATED


def test_skipped_tests_are_not_a_pass(desk: Desk) -> None:
    skipped = "    def test_it(self):\n        self.skipTest('not today')\n"
    desk.write("shop/tests.py", HEAD + skipped)
    assert desk.ask("testing").verdict == Verdict.NOT_EVALUATED


def test_tests_that_cannot_be_imported_fail(desk: Desk) -> None:
    desk.write("shop/tests.py", "from shop.models import Nothing\n" + FILES["shop/tests.py"])
    found = desk.ask("testing")
    assert found.verdict == Verdict.FAILED
    assert "Nothing" in found.summary


@pytest.mark.parametrize(
    "text",
    [
        "import factory_nobody_installed\n" + FILES["shop/tests.py"],
        HEAD + "    def test_it(self):\n        raise ConnectionRefusedError('Connection refused')\n",
    ],
)
def test_what_is_not_here_is_not_the_fault_of_the_code(desk: Desk, text: str) -> None:
    desk.write("shop/tests.py", text)
    found = desk.ask("testing")
    assert found.verdict == Verdict.INCONCLUSIVE
    assert found.cure


def test_a_suite_that_ends_its_process_is_inconclusive(desk: Desk) -> None:
    desk.write("shop/tests.py", HEAD + "    def test_it(self):\n        import os\n        os._exit(0)\n")
    assert desk.ask("testing").verdict == Verdict.INCONCLUSIVE


def test_tests_before_postgresql_have_a_scratch_database_that_goes_again(desk: Desk) -> None:
    desk.write(
        "site1/settings.py",
        FILES["site1/settings.py"].replace("'django.db.backends.sqlite3'", "'django.db.backends.postgresql'"),
    )
    desk.write("shop/tests.py", HEAD + "    def test_it(self):\n        from django.db import connection\n"
               "        self.assertEqual(connection.vendor, 'postgresql')\n")  # fmt: skip
    found = desk.ask("testing")
    assert found.verdict == Verdict.PASSED, found.summary
    with psycopg.connect(settings.DATABASE_URL) as server:
        left = server.execute("SELECT datname FROM pg_database WHERE datname LIKE '%tests\\_%'").fetchall()
        roles = server.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'tests\\_%'").fetchall()
    assert not left
    assert not roles


def test_tests_see_no_secret_of_the_environment(desk: Desk) -> None:
    desk.write("site1/settings.py", FILES["site1/settings.py"] + "STRIPE = os.environ['STRIPE_KEY']\n")
    Variable.objects.create(environment=desk.environment, name="STRIPE_KEY", value="sk_live_of_the_shop_1234")
    leak = "    def test_it(self):\n        import os\n        self.fail(repr(sorted(os.environ.items())))\n"
    desk.write("shop/tests.py", HEAD + leak)
    found = desk.ask("testing")
    assert found.verdict == Verdict.FAILED
    assert "sk_live_of_the_shop" not in str(found)
    assert "TIMONEL" not in str(found)


def test_a_suite_of_pytest_is_run_as_the_project_runs_it(desk: Desk) -> None:
    desk.write("requirements-dev.txt", "pytest\npytest-django\n")
    desk.write("pytest.ini", "[pytest]\nDJANGO_SETTINGS_MODULE = site1.settings\naddopts = -n 4 --cov=shop -m 'not slow'\n"
               "markers = slow\npython_files = check_*.py\n")  # fmt: skip
    (desk.source / "shop" / "tests.py").unlink()
    desk.write(
        "shop/check_items.py",
        "import pytest\n@pytest.mark.django_db\ndef test_good():\n    from shop.models import Item\n"
        "    assert not Item.objects.count()\n"
        "@pytest.mark.slow\ndef test_slow():\n    assert False\ndef test_bad():\n    assert 1 == 2, 'never'\n",
    )
    found = desk.ask("testing")
    assert found.verdict == Verdict.FAILED
    assert (found.data["collected"], found.data["passed"]) == (2, 1)
    assert "test_bad: AssertionError: never" in found.summary


def test_dummies_keep_their_shape() -> None:
    assert testing._dummy("12345") == "1"
    assert testing._dummy("redis://:secret@cache:6379/1") == "redis://127.0.0.1:9/"
    assert len(testing._dummy("x" * 40)) == 40


def test_passwords_are_hashed_as_ever_but_quickly(desk: Desk) -> None:
    body = (
        "    def test_it(self):\n        import time\n        from django.contrib.auth.models import User\n"
        "        began = time.process_time()\n        user = User.objects.create_user('a', password='correct horse')\n"
        "        self.assertTrue(user.password.startswith('pbkdf2_sha256$'))\n"
        "        self.assertTrue(user.check_password('correct horse'))\n"
        "        self.assertFalse(user.check_password('wrong'))\n        self.assertLess(time.process_time() - began, 0.05)\n"
    )
    desk.write("shop/tests.py", HEAD + body)
    found = desk.ask("testing")
    assert found.verdict == Verdict.PASSED, found.summary


def test_the_settings_kept_for_tests_are_used(desk: Desk) -> None:
    desk.write("site1/test.py", "from .settings import *\nKEPT_FOR_TESTS = True\n")
    body = "    def test_it(self):\n        from django.conf import settings\n        self.assertTrue(settings.KEPT_FOR_TESTS)\n"
    desk.write("shop/tests.py", HEAD + body)
    found = desk.ask("testing")
    assert found.verdict == Verdict.PASSED, found.summary
