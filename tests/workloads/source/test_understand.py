"""Projects of many shapes, understood from their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from controlplane.core.errors import Invalid
from tests.workloads.projects import MANAGE, SETTINGS, WSGI, project
from workloads.building import inputs
from workloads.source.project import Project
from workloads.source.understand import understand


def of(
    folder: Path, files: dict[str, str] | None = None, settings: str = SETTINGS, requirements: str = "django~=5.2.0\n"
) -> Project:
    return understand(project(folder, settings, requirements, **(files or {})))


def test_an_ordinary_project(tmp_path: Path) -> None:
    found = of(tmp_path)
    assert (found.folder, found.settings_module, found.wsgi) == ("", "site_.settings", "site_.wsgi:application")
    assert (found.database, found.health_path) == ("sqlite", "/healthz/")
    assert [step.run[2] for step in found.steps] == ["migrate", "collectstatic"]
    assert {read.name for read in found.reads if read.required} == {"SECRET_KEY"}


def test_a_project_in_a_folder_of_the_repository(tmp_path: Path) -> None:
    project(tmp_path / "backend" / "src")
    assert understand(tmp_path).folder == "backend/src"
    assert understand(tmp_path, "backend").folder == "backend/src"


def test_of_several_projects_the_nearest_is_taken_and_the_others_named(tmp_path: Path) -> None:
    project(tmp_path)
    project(tmp_path / "other")
    found = understand(tmp_path)
    assert found.folder == ""
    assert any("--path" in note for note in found.notes)
    assert understand(tmp_path, "other").folder == "other"


def test_a_folder_outside_the_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        understand(project(tmp_path / "shop"), "..")


def test_no_project_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="--path"):
        understand(tmp_path)


def test_a_template_of_projects_is_named_as_such(tmp_path: Path) -> None:
    project(tmp_path / "{{cookiecutter.project_slug}}")
    with pytest.raises(Invalid, match="template"):
        understand(tmp_path)


def test_python_2_is_refused_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="Python 2"):
        of(tmp_path, settings='print "loading"\nSECRET_KEY = "x"\n')


def test_settings_of_production_are_taken_where_they_can_be_satisfied(tmp_path: Path) -> None:
    files = {
        "site_/settings.py": "-",
        "site_/settings/__init__.py": "",
        "site_/settings/base.py": SETTINGS,
        "site_/settings/dev.py": "from .base import *\nDEBUG = True\n",
        "site_/settings/production.py": "from .base import *\nDEBUG = False\n",
        "manage.py": MANAGE.format(settings="site_.settings.dev"),
    }
    found = of(tmp_path, files)
    assert found.settings_module == "site_.settings.production"
    assert "production" in found.settings_because


def test_settings_of_production_that_lack_something_are_passed_over_with_the_reason(tmp_path: Path) -> None:
    files = {
        "site_/settings.py": "-",
        "site_/settings/__init__.py": "",
        "site_/settings/base.py": SETTINGS,
        "site_/settings/dev.py": "from .base import *\nDEBUG = True\n",
        "site_/settings/production.py": 'from .base import *\nAWS = os.environ["AWS_SECRET_ACCESS_KEY"]\n',
        "manage.py": MANAGE.format(settings="site_.settings.dev"),
    }
    found = of(tmp_path, files)
    assert found.settings_module == "site_.settings.dev"
    assert any("AWS_SECRET_ACCESS_KEY" in note for note in found.notes)


def test_settings_that_only_development_satisfies_get_what_development_needs(tmp_path: Path) -> None:
    files = {
        "site_/local.py": 'from .settings import *\nINSTALLED_APPS += ["debug_toolbar"]\nSECRET_KEY = "x"\n',
        "manage.py": MANAGE.format(settings="site_.local"),
        "site_/wsgi.py": WSGI.format(settings="site_.local"),
        "requirements-dev.txt": "django-debug-toolbar\n",
    }
    found = of(tmp_path, files)
    assert found.settings_module == "site_.local"
    assert found.requirements.with_development
    assert "django-debug-toolbar" in found.requirements.names


def test_settings_that_wsgi_names_go_before_those_of_manage(tmp_path: Path) -> None:
    files = {"site_/deployed.py": "from .settings import *\n", "site_/wsgi.py": WSGI.format(settings="site_.deployed")}
    assert of(tmp_path, files).settings_module == "site_.deployed"


def test_settings_kept_out_of_the_repository_are_replaced_by_those_beside_them(tmp_path: Path) -> None:
    found = of(tmp_path, {"manage.py": MANAGE.format(settings="site_.local")})
    assert found.settings_module == "site_.settings"
    assert any("site_.local" in note for note in found.notes)


def test_a_file_the_settings_import_and_the_repository_lacks_is_told(tmp_path: Path) -> None:
    found = of(tmp_path, settings=SETTINGS + "from site_.passwords import *\n")
    assert any("site_.passwords" in note for note in found.notes)


@pytest.mark.parametrize(
    ("files", "request_", "because"),
    [
        ({".python-version": "3.11.4\n"}, "3.11.4", ".python-version"),
        ({"runtime.txt": "python-3.9.6\n"}, "3.9.6", "runtime.txt"),
        ({"Pipfile": '[packages]\ndjango = "*"\n[requires]\npython_version = "3.8"\n', "requirements.txt": "-"}, "3.8", "Pipfile"),
        ({"requirements.txt": "Django==2.2.10\n"}, ">=3.5,<=3.9.99", "Django 2.2"),
        ({"requirements.txt": "Django>=3.2,<4\n"}, ">=3.6,<=3.10.99", "Django 3.2"),
    ],
)
def test_the_python_is_read_from_the_project_or_follows_from_its_django(
    tmp_path: Path, files: dict[str, str], request_: str, because: str
) -> None:
    found = of(tmp_path, files)
    assert found.python_request == request_
    assert because in found.python_because


def test_the_python_of_a_dockerfile_is_preferred_not_demanded(tmp_path: Path) -> None:
    found = of(tmp_path, {"Dockerfile": "FROM python:3.13-slim\n"})
    assert found.python_preferred == "3.13"
    assert found.python_request == ">=3.10,<=3.14.99"


def test_without_requirements_they_are_guessed_and_said_to_be(tmp_path: Path) -> None:
    settings = SETTINGS + '"""Generated by \'django-admin startproject\' using Django 4.2.3."""\n'
    found = of(tmp_path, {"requirements.txt": "-", "shop/views.py": "import requests\nfrom PIL import Image\n"}, settings)
    assert found.requirements.manager == "none"
    assert found.requirements.guessed == ("django~=4.2.0", "pillow", "requests")
    assert any("Guessed" in note for note in found.notes)


def test_code_older_than_todays_django_keeps_an_open_requirement_below_it(tmp_path: Path) -> None:
    found = of(tmp_path, {"shop/urls.py": "from django.conf.urls import url\n"}, requirements="django\n")
    assert found.requirements.guessed == ("django<4.0",)
    assert found.python_preferred == "3.9"


def test_processes_of_the_procfile_and_of_celery(tmp_path: Path) -> None:
    files = {
        "Procfile": "web: gunicorn site_.wsgi\nworker: python manage.py rqworker default\nrelease: python manage.py migrate\n",
        "site_/celery.py": "from celery import Celery\napp = Celery('site_')\napp.conf.beat_schedule = {}\n",
    }
    found = of(tmp_path, files, requirements="django\ncelery[redis]\n")
    assert found.processes["worker"] == "python manage.py rqworker default"
    assert (found.celery, found.celery_beat) == ("site_.celery:app", True)


def test_commands_of_start_scripts_are_proposed_in_their_order(tmp_path: Path) -> None:
    lines = (
        "#!/bin/sh",
        "mkdir -p data/uploads",
        *[f"python manage.py {word}" for word in ("make_keys", "migrate", "loaddata a.json")],
    )
    script = "\n".join([*lines, "exec gunicorn x"])
    found = of(tmp_path, {"entrypoint.sh": script})
    assert [step.run[2] for step in found.steps] == ["make_keys", "migrate", "collectstatic", "loaddata"]
    assert found.steps[0].because == "entrypoint.sh"
    assert found.data_folders == ("data",)


def test_a_command_with_shell_words_is_left_out_and_told(tmp_path: Path) -> None:
    found = of(tmp_path, {"bin/release.sh": "#!/bin/sh\npython manage.py import_data --url $SOURCE_URL\n"})
    assert not any("import_data" in step.run for step in found.steps)
    assert any("import_data" in note for note in found.notes)


def test_a_front_end_is_built(tmp_path: Path) -> None:
    package = '{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "5"}}'
    found = of(tmp_path, {"package.json": package, "package-lock.json": "{}"})
    assert [step.run for step in found.steps if step.when == "build"] == [("npm", "ci"), ("npm", "run", "build")]


def test_packages_served_out_of_node_modules_are_installed(tmp_path: Path) -> None:
    package = '{"dependencies": {"apexcharts": "3"}}'
    settings = SETTINGS + 'STATICFILES_FINDERS = ["npm.finders.NpmFinder"]\nNPM_ROOT_PATH = "../"\n'
    found = of(tmp_path, {"package.json": package, "package-lock.json": "{}"}, settings=settings)
    assert [step.run for step in found.steps if step.when == "build"] == [("npm", "ci")]


def test_celery_without_a_client_for_redis_gets_one_and_is_told(tmp_path: Path) -> None:
    celery = "from celery import Celery\napp = Celery('shop')\n"
    found = of(tmp_path, {"requirements.txt": "django==5.2\ncelery==5.4\n", "shop/celery.py": celery})
    assert any("client for Redis" in note for note in found.notes)
    assert "celery[redis]" in inputs.to_run_here(found, asgi=False)


def test_translations_are_compiled_where_they_are_not(tmp_path: Path) -> None:
    found = of(tmp_path, {"locale/de/LC_MESSAGES/django.po": ""})
    assert ("python", "-m", "django", "compilemessages") in [step.run for step in found.steps]


def test_a_cache_in_the_database_needs_its_table(tmp_path: Path) -> None:
    settings = SETTINGS + 'CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "c"}}\n'
    assert any("createcachetable" in step.run for step in of(tmp_path, settings=settings).steps)


def test_models_without_migrations_get_their_tables(tmp_path: Path) -> None:
    found = of(tmp_path, {"shop/models.py": "from django.db import models\nclass Thing(models.Model):\n    pass\n"})
    assert "--run-syncdb" in found.steps[0].run


def test_collected_static_files_of_the_repository_are_left_alone(tmp_path: Path) -> None:
    found = of(tmp_path, {"staticfiles/staticfiles.json": "{}"})
    assert found.committed_static == "staticfiles"
    assert not any("collectstatic" in step.run for step in found.steps)


def test_secrets_written_in_the_source_do_not_reach_what_is_kept(tmp_path: Path) -> None:
    settings = SETTINGS.replace('os.environ["SECRET_KEY"]', 'os.environ.get("SECRET_KEY", "django-insecure-abc")')
    assert "django-insecure-abc" not in str(of(tmp_path, settings=settings))


def test_tests_are_found(tmp_path: Path) -> None:
    assert of(tmp_path / "a").tests == ""
    cases = "from django.test import TestCase\nclass T(TestCase):\n    def test_x(self): ...\n"
    assert of(tmp_path / "b", {"shop/tests.py": cases}).tests == "manage.py test"
    assert of(tmp_path / "c", {"pytest.ini": "[pytest]\n", "requirements-dev.txt": "pytest-django\n"}).tests == "pytest"
