"""What an application's processes are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings

from controlplane.core.actors import Actor
from workloads import catalog, configuration
from workloads.models import Application, Environment, Variable
from workloads.source.project import Project, Read, Requirements

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


@pytest.fixture
def environment(settings: LazySettings, tmp_path: Path) -> Environment:
    settings.DATA_DIR = tmp_path
    settings.APPLICATIONS_REDIS_URL = "redis://:pass@127.0.0.1:6390/0"
    application = Application.objects.create(name="shop", repository="/srv/shop")
    return Environment.objects.create(application=application, name="local", port=8123)


def reads(*names: str, required: bool = True, **more: str) -> tuple[Read, ...]:
    return tuple(Read(name, "settings.py", 1, required, setting=more.get("setting", "")) for name in names)


def of(*found: Read, names: tuple[str, ...] = (), **more: object) -> Project:
    return Project("", reads=found, requirements=Requirements("pip", names=names), **more)  # type: ignore[arg-type]


def test_the_secret_key_is_made_once_and_kept(environment: Environment) -> None:
    given = configuration.propose(environment, of(*reads("SECRET_KEY", setting="SECRET_KEY")))
    first = configuration.resolve(environment, given, port=1)["SECRET_KEY"]
    again = configuration.resolve(Environment.objects.get(pk=environment.pk), given, port=2)["SECRET_KEY"]
    assert first == again
    assert len(first) >= 50


def test_two_callers_at_once_get_one_secret_key(environment: Environment) -> None:
    other = Environment.objects.get(pk=environment.pk)
    assert configuration.secret_key(environment) == configuration.secret_key(other)


def test_other_secrets_of_its_own_differ_from_the_secret_key_and_last(environment: Environment) -> None:
    given = configuration.propose(environment, of(*reads("SECRET_KEY", setting="SECRET_KEY"), *reads("JWT_SECRET_KEY")))
    values = configuration.resolve(environment, given, port=1)
    assert values["JWT_SECRET_KEY"] != values["SECRET_KEY"]
    assert values == configuration.resolve(environment, given, port=1)


def test_a_secret_of_somebody_else_is_not_made_up(environment: Environment) -> None:
    project = of(*reads("STRIPE_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"))
    assert [read.name for read in configuration.missing(project, configuration.propose(environment, project))] == [
        "STRIPE_SECRET_KEY",
        "AWS_SECRET_ACCESS_KEY",
    ]


def test_postgresql_is_given_only_with_a_driver(environment: Environment) -> None:
    read = reads("DATABASE_URL", setting="DATABASES.default")
    without = configuration.propose(environment, of(*read))
    with_driver = configuration.propose(environment, of(*read, names=("psycopg2-binary",)))
    assert without["DATABASE_URL"]["binding"] == "database.sqlite_url"
    assert with_driver["DATABASE_URL"] == {"binding": "database.url", "secret": True}


def test_parts_of_the_database_address_fit_the_whole_wherever_the_server_is_now(
    environment: Environment, settings: LazySettings
) -> None:
    settings.DATABASE_URL = "postgresql://timonel:s@127.0.0.1:5499/timonel"
    environment.database_url = "postgresql://app_shop:p%40ss@127.0.0.1:5400/app_shop?sslmode=disable"
    project = of(*reads("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "DB_HOST", "PGPORT"), names=("psycopg",))
    values = configuration.resolve(environment, configuration.propose(environment, project), port=1)
    assert values == {
        "POSTGRES_DB": "app_shop",
        "POSTGRES_USER": "app_shop",
        "POSTGRES_PASSWORD": "p@ss",
        "DB_HOST": "127.0.0.1",
        "PGPORT": "5499",
    }


def test_settings_can_load_before_the_database_is_made(environment: Environment) -> None:
    project = of(*reads("DATABASE_URL", setting="DATABASES.default"), names=("psycopg",))
    values = configuration.resolve(environment, configuration.propose(environment, project), port=1)
    assert values["DATABASE_URL"].startswith("postgres://")


def test_what_a_person_set_wins_and_its_database_is_not_mixed_with_ours(environment: Environment) -> None:
    Variable.objects.create(environment=environment, name="DB_HOST", value="db.example.org", secret=False)
    project = of(*reads("DB_HOST", "DB_PASSWORD"), names=("psycopg",))
    given = configuration.propose(environment, project)
    assert given["DB_HOST"] == {"value": "db.example.org", "secret": False}
    assert [read.name for read in configuration.missing(project, given)] == ["DB_PASSWORD"]


def test_sqlite_lives_where_releases_do_not(environment: Environment, tmp_path: Path) -> None:
    project = of(*reads("DATABASE_URL", setting="DATABASES.default"))
    values = configuration.resolve(environment, configuration.propose(environment, project), port=1)
    assert values["DATABASE_URL"] == f"sqlite:///{tmp_path}/shared/{environment.pk}/db.sqlite3"


def test_hosts_come_in_the_shape_the_settings_take(environment: Environment) -> None:
    def hosts(cast: str) -> str:
        read = Read("ALLOWED_HOSTS", "settings.py", 1, True, setting="ALLOWED_HOSTS", cast=cast)
        return configuration.resolve(environment, configuration.propose(environment, of(read)), port=1)["ALLOWED_HOSTS"]

    assert hosts("split:,") == "127.0.0.1,localhost"
    assert hosts("split: ") == "127.0.0.1 localhost"
    assert hosts("json.loads") == '["127.0.0.1", "localhost"]'
    assert hosts("item") == "127.0.0.1"


def test_debug_is_off_in_the_word_the_settings_understand(environment: Environment) -> None:
    def debug(cast: str, options: tuple[str, ...] = ()) -> str:
        read = Read("DEBUG", "settings.py", 1, False, "True", setting="DEBUG", cast=cast, options=options)
        return configuration.resolve(environment, configuration.propose(environment, of(read)), port=1)["DEBUG"]

    assert debug("") == "False"
    assert debug("int") == "0"
    assert debug("bool") == ""
    assert debug("differs", ("off",)) == "off"


def test_redis_is_given_with_a_number_that_is_not_ours(environment: Environment) -> None:
    project = of(*reads("REDIS_URL"), names=("redis",))
    url = configuration.resolve(environment, configuration.propose(environment, project), port=1)["REDIS_URL"]
    assert url.startswith("redis://:pass@127.0.0.1:6390/")
    assert not url.endswith("/0")


def test_a_required_variable_is_taken_from_the_projects_own_example(environment: Environment) -> None:
    project = of(*reads("PAGE_SIZE", "API_TOKEN"), samples={"PAGE_SIZE": "20"})
    given = configuration.propose(environment, project)
    assert given["PAGE_SIZE"]["value"] == "20"
    assert [read.name for read in configuration.missing(project, given)] == ["API_TOKEN"]


def test_variables_of_a_committed_env_file_are_not_missing(environment: Environment) -> None:
    project = of(*reads("COLOUR"), env_file=("COLOUR",))
    assert configuration.missing(project, configuration.propose(environment, project)) == []


def test_the_digest_tells_configurations_apart_and_gives_nothing_away(environment: Environment) -> None:
    catalog.set_variables(SYSTEM, environment, {"COLOUR": "red"}, None)
    red = configuration.digest(configuration.propose(environment, of()))
    catalog.set_variables(SYSTEM, environment, {"COLOUR": "blue"}, None)
    assert configuration.digest(configuration.propose(environment, of())) != red
    assert len(red) == 64


def test_an_address_that_the_settings_extend_comes_without_a_number(environment: Environment) -> None:
    project = of(Read("REDIS_URL", "settings.py", 1, True, cast="extended"), names=("redis",))
    given = configuration.resolve(environment, configuration.propose(environment, project), port=1)
    assert given["REDIS_URL"] == "redis://:pass@127.0.0.1:6390"
