"""How a release runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.workloads.projects import project
from workloads.described import Database, DescribedSettings
from workloads.models import Application
from workloads.source.plan import build_steps, run_plan, vector
from workloads.source.project import Project, Requirements, Step
from workloads.source.understand import understand

SHOP = Application(name="shop")


def described(**more: Any) -> DescribedSettings:
    texts: tuple[str, ...] = (
        "python",
        "django",
        "settings_module",
        "secret_key",
        "static_url",
        "static_root",
        "media_url",
        "media_root",
    )
    texts += ("wsgi_application", "asgi_application", "root_urlconf", "celery_broker")
    tuples = ("allowed_hosts", "csrf_trusted_origins", "middleware", "log_files")
    values: dict[str, Any] = dict.fromkeys(texts, "") | dict.fromkeys(tuples, ())
    values |= {"debug": False, "secure_ssl_redirect": False, "databases": {}, "caches": {}, "storages": {}}
    return DescribedSettings(**(values | {"installed_apps": ("django.contrib.staticfiles",)} | more))


def test_wsgi_runs_under_gunicorn(tmp_path: Path) -> None:
    plan = run_plan(understand(project(tmp_path)), SHOP, None)
    assert plan.processes["web"][:4] == ["gunicorn", "site_.wsgi:application", "--bind", "127.0.0.1:{port}"]


def test_without_a_wsgi_module_djangos_own_is_used() -> None:
    assert run_plan(Project(""), SHOP, None).processes["web"][1] == "django.core.wsgi:get_wsgi_application()"


def test_channels_run_under_asgi() -> None:
    plain = Project("", wsgi="a.wsgi:application", asgi="a.asgi:application")
    assert run_plan(plain, SHOP, None).processes["web"][0] == "gunicorn"
    channels = replace(plain, requirements=Requirements("pip", names=("channels", "daphne")))
    assert run_plan(channels, SHOP, None).processes["web"][0] == "daphne"
    uvicorn = replace(plain, apps=("channels",))
    assert run_plan(uvicorn, SHOP, None).processes["web"][0] == "uvicorn"


def test_celery_gets_a_worker_and_one_scheduler() -> None:
    celery = Project("", celery="a.celery:app", celery_beat=True)
    assert set(run_plan(celery, SHOP, None).processes) == {"web", "worker", "beat"}
    own = replace(celery, processes={"jobs": "celery -A a worker -l info", "clock": "celery -A a beat"})
    assert set(run_plan(own, SHOP, None).processes) == {"web", "jobs", "clock"}


def test_a_line_that_needs_a_shell_is_not_run() -> None:
    plan = run_plan(Project("", processes={"worker": "python manage.py work | tee log", "other": "bash run.sh"}), SHOP, None)
    assert set(plan.processes) == {"web"}


def test_the_port_of_a_procfile_line_is_filled_in() -> None:
    assert vector("python3 -m http.server $PORT") == ["python", "-m", "http.server", "{port}"]
    assert vector("daphne -p ${PORT:-8000} a.asgi:application")[2] == "{port}"


def test_what_a_person_set_replaces_what_was_proposed() -> None:
    own = Application(
        name="shop",
        processes={"web": "waitress-serve --port=$PORT a.wsgi:application"},
        release_steps=[{"name": "all", "run": ["python", "manage.py", "prepare"]}],
        build_steps=[{"name": "assets", "run": "make assets"}],
        health_path="/up/",
    )
    plan = run_plan(Project("", health_path="/healthz/"), own, None)
    assert plan.processes == {"web": ["waitress-serve", "--port={port}", "a.wsgi:application"]}
    assert [step.run for step in plan.release_steps] == [("python", "manage.py", "prepare")]
    assert plan.health_path == "/up/"
    assert build_steps(Project(""), own) == (Step("assets", ("make", "assets"), "build", "set by a person"),)


def test_sqlite_files_and_uploads_outlive_a_release(tmp_path: Path) -> None:
    found = described(
        databases={"default": Database("sqlite3", f"{tmp_path}/db.sqlite3"), "log": Database("sqlite3", "/elsewhere/x.db")},
        media_root=f"{tmp_path}/media",
    )
    assert run_plan(Project(""), SHOP, found, tmp_path).shared == ["db.sqlite3", "media/"]


def test_a_checkout_is_recognised_by_where_checkouts_are() -> None:
    found = described(databases={"default": Database("sqlite3", "/data/work/17/source/backend/db.sqlite3")})
    assert run_plan(Project("backend"), SHOP, found).shared == ["db.sqlite3"]


def test_a_file_in_a_shared_folder_is_shared_once(tmp_path: Path) -> None:
    found = described(databases={"default": Database("sqlite3", f"{tmp_path}/data/db.sqlite3")})
    assert run_plan(Project("", data_folders=("data",)), SHOP, found, tmp_path).shared == ["data/"]


def test_static_files_are_collected_even_where_the_settings_name_no_place() -> None:
    plan = run_plan(Project(""), SHOP, described(static_url="/static/"))
    assert plan.static_root == "collected-static"
    assert plan.release_steps[-1].run == ("python", "-m", "timonel_static", "collected-static")


def test_a_static_root_beside_the_project_moves_with_it(tmp_path: Path) -> None:
    root = tmp_path / "work" / "source"
    root.mkdir(parents=True)
    assert run_plan(Project(""), SHOP, described(static_root=f"{tmp_path}/work/static"), root).static_root == "../static"
    assert run_plan(Project(""), SHOP, described(static_root="/var/www/static"), root).static_root == "/var/www/static"


def test_static_files_are_collected_where_the_settings_say(tmp_path: Path) -> None:
    migrate = Step("migrate", ("python", "manage.py", "migrate"), "release")
    plan = run_plan(Project("", steps=(migrate,)), SHOP, described(static_root=f"{tmp_path}/static"), tmp_path)
    assert plan.static_root == "static"
    assert [step.run[2] for step in plan.release_steps] == ["migrate", "collectstatic"]


def test_the_pages_to_look_at_are_the_landing_and_the_sign_in_page() -> None:
    assert run_plan(Project(""), SHOP, described(landing_page="/", login_page="/login/")).pages == ["/", "/login/"]
    assert run_plan(Project(""), SHOP, described(landing_page="", login_page="/login/")).pages == ["/", "/login/"]
