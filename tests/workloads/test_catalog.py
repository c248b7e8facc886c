"""Applications are registered from real repositories."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection

from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid, Refused
from controlplane.core.models import AuditEntry, RoleBinding, User
from tests.workloads import projects
from workloads import catalog
from workloads.models import Application, Environment, Variable

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


@pytest.fixture
def shop(settings: LazySettings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path / "data"
    return projects.repository(projects.project(tmp_path / "shop"))


def test_registering_makes_the_application_and_local_and_grants_nothing(shop: Path) -> None:
    registered = catalog.register(SYSTEM, "shop", str(shop))
    environment = Environment.objects.get()
    assert (registered.environment, environment.name, environment.tier) == (environment, "local", "local")
    assert environment.port is not None
    assert not RoleBinding.objects.exists()
    assert registered.application.understood["settings_module"] == "site_.settings"
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {"application.register", "environment.create"}


def test_the_mirror_is_kept_under_the_applications_number(shop: Path, settings: LazySettings) -> None:
    registered = catalog.register(SYSTEM, "shop", str(shop))
    assert [path.name for path in (settings.DATA_DIR / "mirrors").iterdir()] == [f"{registered.application.pk}.git"]


def test_what_is_no_django_project_leaves_nothing_behind(tmp_path: Path, settings: LazySettings) -> None:
    settings.DATA_DIR = tmp_path / "data"
    folder = projects.repository(projects.write_paths(tmp_path / "lib", {"setup.py": "", "thing.py": "x = 1\n"}))
    with pytest.raises(Invalid, match=r"manage\.py"):
        catalog.register(SYSTEM, "lib", str(folder))
    assert not Application.objects.exists()
    assert not list((settings.DATA_DIR / "mirrors").iterdir())


def test_a_name_is_given_once(shop: Path) -> None:
    catalog.register(SYSTEM, "shop", str(shop))
    with pytest.raises(Conflict):
        catalog.register(SYSTEM, "shop", str(shop))


@pytest.mark.parametrize("name", ["Shop", "1shop", "a b", ""])
def test_a_name_that_is_none_is_refused(shop: Path, name: str) -> None:
    with pytest.raises(Invalid, match="name of an application"):
        catalog.register(SYSTEM, name, str(shop))


def test_registering_is_refused_to_whoever_may_not_administer(shop: Path, alice: User) -> None:
    with pytest.raises(Refused):
        catalog.register(Actor.person(alice), "shop", str(shop))


def test_each_environment_has_an_address_of_its_own(shop: Path) -> None:
    registered = catalog.register(SYSTEM, "shop", str(shop))
    staging = catalog.add_environment(SYSTEM, registered.application, "staging", Environment.Tier.STAGING)
    assert staging.port != registered.environment.port


def test_variables_are_sealed_whether_secret_or_not(shop: Path) -> None:
    environment = catalog.register(SYSTEM, "shop", str(shop)).environment
    catalog.set_variables(SYSTEM, environment, {"COLOUR": "vermilion", "MAIL_PASSWORD": "hunter22"}, None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM workloads_variable")
        stored = str(cursor.fetchall())
    assert "vermilion" not in stored
    assert "hunter22" not in stored
    assert dict(Variable.objects.values_list("name", "secret")) == {"COLOUR": False, "MAIL_PASSWORD": True}
    assert "hunter22" not in str(list(AuditEntry.objects.values()))


def test_setting_variables_is_refused_to_a_stranger(shop: Path, mallory: User) -> None:
    environment = catalog.register(SYSTEM, "shop", str(shop)).environment
    with pytest.raises(Refused):
        catalog.set_variables(Actor.person(mallory), environment, {"DEBUG": "1"}, None)


def test_the_terminal_shows_what_was_understood(shop: Path) -> None:
    page = io.StringIO()
    call_command("register", "shop", str(shop), stdout=page)
    for words in ("site_.settings", "SQLite", "[secret_key]", "/healthz/", "manage.py deploy shop local", "gunicorn"):
        assert words in page.getvalue()


def test_the_terminal_tells_programs_in_json(shop: Path) -> None:
    output = io.StringIO()
    call_command("register", "shop", str(shop), "--json", stdout=output)
    told = json.loads(output.getvalue())
    assert told["understood"]["requirements"]["manager"] == "pip"
    assert told["variables"]["DEBUG"]["value"] == "False"
    assert told["missing"] == []


def test_a_missing_variable_is_named_with_its_cure(shop: Path) -> None:
    settings = projects.SETTINGS + 'API_KEY = os.environ["WEATHER_API_KEY"]\n'
    (shop / "site_" / "settings.py").write_text(settings)
    projects.git(shop, "commit", "-qam", "weather")
    page = io.StringIO()
    call_command("register", "shop", str(shop), stdout=page)
    assert "--set WEATHER_API_KEY=" in page.getvalue()


def test_a_refusal_in_the_terminal_says_the_cure(settings: LazySettings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "data"
    with pytest.raises(CommandError, match="https://"):
        call_command("register", "shop", str(tmp_path / "nowhere"))
