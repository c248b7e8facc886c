"""Each specialist on a real application, in an environment that is really built."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from agents.specialists import registry
from tests.agents.specialists.conftest import FILES, Desk
from workloads import findings
from workloads.drivers import Outcome
from workloads.models import Variable
from workloads.verdicts import Verdict

NAMES = {"code_quality", "testing", "security", "configuration", "cicd", "deployment", "monitoring"}


def test_every_specialist_says_who_it_is() -> None:
    assert registry().keys() == NAMES
    assert all(one.title and one.purpose.endswith(".") and one.tools for one in registry().values())
    verbs = ("get_", "list_", "search_", "propose_")
    assert all(tool.startswith(verbs) for one in registry().values() for tool in one.tools)


# CI/CD


def test_cicd_builds_once_and_says_what_it_added(desk: Desk) -> None:
    first, second = desk.ask("cicd"), desk.ask("cicd")
    assert first.verdict == second.verdict == Verdict.PASSED
    assert first.data["artefact"] == second.data["artefact"]
    assert "the source was known" in second.summary
    assert "gunicorn" in second.summary


def test_cicd_says_why_a_build_failed_and_how_to_mend_it(desk: Desk) -> None:
    desk.write("requirements.txt", "django==5.2.*\nno-such-package-at-all==1\n")
    found = desk.ask("cicd")
    assert found.verdict == Verdict.FAILED
    assert "no-such-package-at-all" in found.summary
    assert found.cure


def test_cicd_takes_nothing_from_an_address_that_is_not_allowed(desk: Desk) -> None:
    desk.write("requirements.txt", "django==5.2.*\nthing @ git+https://example.org/thing.git\n")
    found = desk.ask("cicd")
    assert found.verdict == Verdict.FAILED
    assert "example.org/thing" in found.summary


# configuration


def test_configuration_passes_when_all_is_provided(desk: Desk) -> None:
    found = desk.ask("configuration")
    assert found.verdict == Verdict.PASSED, found.summary
    rows = {row[0]: row for row in found.evidence[0].body["rows"]}
    assert rows["SECRET_KEY"][1:3] == ["site1/settings.py:2", "yes"]
    assert rows["SECRET_KEY"][3].startswith("by the platform")


def test_configuration_stops_on_a_missing_variable_and_names_it(desk: Desk) -> None:
    desk.write("site1/settings.py", FILES["site1/settings.py"] + "STRIPE = os.environ['STRIPE_KEY']\n")
    found = desk.ask("configuration")
    assert found.verdict == Verdict.FAILED
    assert "STRIPE_KEY" in found.summary
    assert "site1/settings.py:9" in found.summary
    assert "--set STRIPE_KEY=..." in found.cure
    assert found.data["missing"] == ["STRIPE_KEY"]


def test_configuration_takes_what_a_person_set(desk: Desk) -> None:
    desk.write("site1/settings.py", FILES["site1/settings.py"] + "STRIPE = os.environ['STRIPE_KEY']\n")
    Variable.objects.create(environment=desk.environment, name="STRIPE_KEY", value="sk_hidden_hidden_hidden")
    found = desk.ask("configuration")
    assert found.verdict == Verdict.PASSED
    assert "hidden" not in str(found)


def test_configuration_finds_a_variable_that_only_running_shows(desk: Desk) -> None:
    hidden = "NAME = 'LATE' + '_KEY'\nLATE = os.environ[NAME]\n"
    desk.write("site1/settings.py", FILES["site1/settings.py"] + hidden)
    found = desk.ask("configuration")
    assert found.verdict == Verdict.FAILED
    assert "LATE_KEY" in found.summary + found.cure


@pytest.mark.parametrize(("tier", "verdict"), [("local", Verdict.PASSED), ("production", Verdict.FAILED)])
def test_debug_is_for_local_environments_only(desk: Desk, tier: str, verdict: Verdict) -> None:
    desk.environment.tier = tier
    Variable.objects.create(environment=desk.environment, name="DEBUG", value="1", secret=False)
    found = desk.ask("configuration")
    assert found.verdict == verdict
    assert "DEBUG is on" in found.summary


# code quality


def test_code_quality_passes_with_remarks(desk: Desk) -> None:
    desk.write("shop/views.py", "import os\n")
    found = desk.ask("code_quality")
    assert found.verdict == Verdict.PASSED, found.summary
    assert [fact.rule for fact in found.facts if fact.tool == "ruff"] == ["F401"]


@pytest.mark.parametrize("text", ["def half(:\n", "print(nothing_of_the_kind)\n"])
def test_code_quality_stops_what_cannot_work(desk: Desk, text: str) -> None:
    desk.write("shop/views.py", text)
    found = desk.ask("code_quality")
    assert found.verdict == Verdict.FAILED
    assert "shop/views.py:1" in found.summary


def test_code_quality_doubts_what_would_fail_if_it_ever_ran(desk: Desk) -> None:
    desk.write("shop/views.py", "def never():\n    print(nothing_of_the_kind)\n")
    found = desk.ask("code_quality")
    assert found.verdict == Verdict.INCONCLUSIVE
    assert "shop/views.py:2" in found.summary


def test_code_quality_lets_live_faults_live_and_stops_new_ones(desk: Desk) -> None:
    desk.write("shop/views.py", "print(nothing_of_the_kind)\n")
    first = desk.ask("code_quality")
    findings.record(desk.environment.application, 1, "live", first.facts, None)
    assert desk.ask("code_quality", live_commit="live").verdict == Verdict.PASSED
    desk.write("shop/views.py", "print(nothing_of_the_kind)\nprint(nothing_new)\n")
    again = desk.ask("code_quality", live_commit="live")
    assert again.verdict == Verdict.FAILED
    assert "nothing_new" in again.summary


def test_code_quality_stops_errors_of_djangos_checks(desk: Desk) -> None:
    desk.write("shop/models.py", FILES["shop/models.py"] + "    other = models.ForeignKey('shop.Nobody', models.CASCADE)\n")
    found = desk.ask("code_quality")
    assert found.verdict == Verdict.FAILED
    assert "shop.Nobody" in found.summary


def test_code_quality_says_where_loading_failed(desk: Desk) -> None:
    desk.write("shop/apps.py", "import nowhere_to_be_found\n")
    desk.write("shop/models.py", "import shop.apps\n")
    found = desk.ask("code_quality")
    assert found.verdict == Verdict.FAILED
    assert "nowhere_to_be_found" in found.summary
    assert "shop/apps.py:1" in found.summary


def test_the_checkout_stays_as_it_was(desk: Desk) -> None:
    before = sorted(str(path.relative_to(desk.source)) for path in desk.source.rglob("*"))
    for name in ("configuration", "code_quality", "testing", "deployment"):
        desk.ask(name)
    assert sorted(str(path.relative_to(desk.source)) for path in desk.source.rglob("*")) == before


# security


def test_security_tells_could_not_audit_from_clean(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(desk.source / "manage.py"))  # trusts nobody, so reaches nobody
    found = desk.ask("security")
    assert found.verdict == Verdict.INCONCLUSIVE
    assert "Dependencies could not be audited" in found.summary
    rows = {row[0]: row[1] for row in found.evidence[0].body["rows"]}
    assert rows["Dependencies"] == "inconclusive"
    assert rows["Code"] == rows["Secrets"] == rows["Settings"] == "passed"


def test_security_stops_what_is_critical_in_production(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(desk.source / "manage.py"))
    desk.environment.tier = "production"
    Variable.objects.create(environment=desk.environment, name="DEBUG", value="1", secret=False)
    desk.write("shop/views.py", "import subprocess\ndef f(x):\n    subprocess.call(x, shell=True)\n")
    found = desk.ask("security")
    assert found.verdict == Verdict.FAILED
    assert "DEBUG" in found.summary
    assert "B602" in {fact.rule for fact in found.facts}


# deployment


def test_deployment_says_what_the_first_roll_out_does(desk: Desk) -> None:
    found = desk.ask("deployment")
    assert found.verdict == Verdict.PASSED, found.summary
    assert "first roll-out" in found.summary
    assert found.data["pending"] > 10


def test_deployment_says_before_the_approval_what_breaks(desk: Desk, built: Path) -> None:
    """A file database of the live release, one migration behind, and a live release that still reads the column."""
    kept = built / "shared" / str(desk.environment.pk)
    kept.mkdir(parents=True)
    environment = desk.ask("cicd").data["environment"]
    python = built / "environments" / environment / "bin" / "python"
    variables = {"SECRET_KEY": "x" * 50, "PATH": "/usr/bin:/bin"}
    subprocess.run([python, "manage.py", "migrate", "-v0"], cwd=desk.source, env=variables, check=True)
    (desk.source / "shop.sqlite3").rename(kept / "shop.sqlite3")
    live = built / "live"
    subprocess.run(["cp", "-r", str(desk.source), str(live)], check=True)
    desk.write("shop/models.py", FILES["shop/models.py"].replace("name =", "title =").replace("self.name", "self.title"))
    desk.write(
        "shop/migrations/0002_title.py",
        "from django.db import migrations\nclass Migration(migrations.Migration):\n"
        "    dependencies = [('shop', '0001_initial')]\n    operations = [migrations.RenameField('item', 'name', 'title')]\n",
    )
    found = desk.ask("deployment", live_commit="live", live_source=live, live_python=python)
    assert found.verdict == Verdict.PASSED, "policy decides, not the specialist"
    assert found.data["breaks_old_code"]
    assert "code alone cannot go back" in found.summary
    assert "looks for shop_item.name" in str(found.evidence[0].body)


def test_deployment_stops_on_branches_that_nobody_merged(desk: Desk) -> None:
    for name in ("0002_a", "0002_b"):
        desk.write(
            f"shop/migrations/{name}.py",
            "from django.db import migrations\nclass Migration(migrations.Migration):\n"
            "    dependencies = [('shop', '0001_initial')]\n    operations = []\n",
        )
    found = desk.ask("deployment")
    assert found.verdict == Verdict.FAILED
    assert "makemigrations --merge" in found.cure


# monitoring


def test_monitoring_says_nothing_is_well_without_measurements(desk: Desk) -> None:
    assert desk.ask("monitoring").verdict == Verdict.NOT_EVALUATED


def test_monitoring_passes_on_what_the_driver_saw(desk: Desk) -> None:
    outcome = Outcome(Verdict.FAILED, "The landing page answers 500.", switched=True, cure="Read the log.")
    found = desk.ask("monitoring", outcome=outcome)
    assert (found.verdict, found.summary, found.cure) == (Verdict.FAILED, outcome.summary, outcome.cure)
