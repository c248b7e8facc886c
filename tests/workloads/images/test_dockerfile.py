"""The Dockerfile: small, without root, without secrets, the same for the same recipe, and hadolint finds nothing in it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from controlplane.core.errors import Invalid
from tests.workloads.images.recipes import BASE, COLLECT, MIGRATE, SAMPLE, SECRET, WEB, hadolint, of_source, recipe
from workloads import images
from workloads.images import dummies
from workloads.images.commands import in_container
from workloads.source.project import Project, Read, RunPlan, Step

GOLDEN = Path(__file__).with_name("golden")
PINS = ("celery==5.5.3", "django==5.2.8", "gunicorn==23.0.0", "psycopg==3.2.10", "psycopg-binary==3.2.10", "whitenoise==6.11.0")
NODE = (
    Step("npm install", ("npm", "ci"), "build", folder="frontend"),
    Step("npm run build", ("npm", "run", "build"), "build", folder="frontend"),
    Step("compile translations", ("python", "-m", "django", "compilemessages"), "build"),
)


def test_of_the_sample_it_is_as_written_down() -> None:
    assert images.write(of_source(SAMPLE, PINS)).dockerfile == (GOLDEN / "sample.Dockerfile").read_text()


def test_the_same_recipe_gives_the_same_bytes() -> None:
    assert images.write(recipe()) == images.write(recipe())


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"build": NODE},
        {
            "pins": (
                "psycopg2==2.9.9",
                "mysqlclient==2.2.4",
                "pillow==9.0.0",
                "lxml==4.6.1",
                "weasyprint==62.0",
                "x @ git+https://g.example/x@1",
            )
        },
        {"packages": (".", "libs/common")},
        {"consistent": False, "pins": ("django==1.11", "gunicorn==20.0")},
        {"keeps_modules": True, "build": NODE},
    ],
    ids=["plain", "front end", "compiled", "packages of its own", "pins that contradict", "served node_modules"],
)
def test_hadolint_finds_nothing(changed: dict[str, object]) -> None:
    plan = replace(recipe().plan, static_root="static-files", static_url="/static/", shared=["media/", "db.sqlite3"])
    assert hadolint(images.write(recipe(plan=plan, **changed)).dockerfile) == ""


def test_it_does_not_run_as_root_and_has_no_tools_of_the_builder() -> None:
    text = images.write(recipe(pins=("psycopg2==2.9.9",))).dockerfile
    shipped = text[text.rindex("\nFROM ") :]
    assert "USER 10001:10001" in shipped and "HEALTHCHECK NONE" in shipped and "EXPOSE 8000" in shipped
    assert "libpq5" in shipped and "libpq-dev" not in shipped and "gcc" not in shipped
    assert "libpq-dev" in text and "gcc" in text


def test_it_starts_the_web_process_for_everybody_who_reaches_the_container() -> None:
    last = images.write(recipe()).dockerfile.splitlines()[-1]
    assert json.loads(last.removeprefix("CMD ")) == [*WEB[:3], "0.0.0.0:8000", *WEB[4:]]


def test_static_files_are_collected_in_the_build_and_nothing_else_of_the_release_is_done() -> None:
    text = images.write(recipe()).dockerfile
    assert "collectstatic --noinput" in text and "migrate" not in text
    assert "SECRET_KEY=only-for-the-build" in text


def test_settings_without_a_static_root_get_one_by_what_we_bring() -> None:
    carried = Step("collect static files", ("python", "-m", "timonel_static", "collected-static"), "release")
    written = images.write(recipe(plan=RunPlan("shop.settings", processes={"web": WEB}, release_steps=[carried])))
    assert "python /app/source/.timonel/timonel_static.py collected-static" in written.dockerfile and written.needs_static


def test_an_application_that_leaves_its_static_files_to_others_serves_them_itself() -> None:
    plan = replace(recipe().plan, static_root="collected", static_url="/assets/")
    written = images.write(recipe(plan=plan, pins=("django==5.2", "gunicorn==23.0.0")))
    assert "whitenoise==" in written.files["requirements.txt"] and "gunicorn.conf.py" in written.files
    assert 'SERVED_STATIC_ROOT="/app/source/collected"' in written.dockerfile
    assert "GUNICORN_CMD_ARGS" not in images.write(recipe(plan=plan)).dockerfile  # it has WhiteNoise


def test_front_ends_are_built_where_node_is_and_leave_nothing_of_it() -> None:
    text = images.write(recipe(build=NODE)).dockerfile
    assets, builder = text[text.index("AS assets") : text.index("AS builder")], text[text.index("AS builder") :]
    assert "npm ci" in assets and "npm run build" in assets and "rm -rf node_modules" in assets
    assert "npm" not in builder and "compilemessages" in builder and "gettext" in builder
    assert 'COPY --from=assets ["/app/source", "/app/source"]' in builder


def test_pins_of_this_machine_stay_out() -> None:
    pins = ("django==5.2", "-e file:///home/dan/shop", "shop @ file:///work/1/source", "pip==24.0", "")
    assert images.write(recipe(pins=pins)).files["requirements.txt"] == "django==5.2\n"


def test_how_the_index_is_reached_is_in_no_layer() -> None:
    text = images.write(recipe()).dockerfile
    assert "--mount=type=secret,id=pip,target=/etc/pip.conf" in text
    assert "ARG " not in text and "index-url" not in text


def test_data_and_secrets_of_development_stay_out_of_the_context() -> None:
    plan = replace(recipe().plan, shared=["db.sqlite3", "media/"])
    told = images.write(recipe(plan=plan)).dockerignore.splitlines()
    assert {".git", "**/.env", "db.sqlite3", "**/node_modules"} <= set(told) and ".timonel" not in told
    committed = replace(recipe().project, env_file=("DEBUG",))
    assert "**/.env" not in images.write(recipe(project=committed)).dockerignore.splitlines()


@pytest.mark.parametrize("folder", ["a\nUSER root", "$(id)", "../..", "/etc", 'a"b', "-x;y"])
def test_a_folder_that_is_more_than_a_folder_is_refused(folder: str) -> None:
    with pytest.raises(Invalid):
        images.write(recipe(project=replace(recipe().project, folder=folder)))


def test_words_of_strangers_stay_words() -> None:
    step = Step("odd", ("python", "manage.py", "collectstatic", "$(touch /x)", "a b; c"), "release")
    text = images.write(recipe(plan=RunPlan("s", processes={"web": WEB}, release_steps=[step]))).dockerfile
    assert "'$(touch /x)' 'a b; c'" in text
    broken = replace(step, run=("python", "collectstatic", "x\nUSER root"))
    with pytest.raises(Invalid):
        images.write(recipe(plan=RunPlan("s", processes={"web": WEB}, release_steps=[broken])))


def test_a_name_with_a_line_break_begins_no_instruction() -> None:
    text = images.write(recipe(name="shop\nUSER root", repository="https://x.example/\nRUN id $HOME")).dockerfile
    assert "\nUSER root" not in text and "\nRUN id" not in text and "\\$HOME" in text


class TestDummies:
    def test_what_is_required_gets_a_value_that_fits(self) -> None:
        reads = (
            SECRET,
            Read("DATABASE_URL", "s.py", 1, True, setting="DATABASES.default"),
            Read("PAGES", "s.py", 1, True, cast="int"),
            Read("DEBUG", "s.py", 1, False, default="True", setting="DEBUG", cast="env.bool"),
            Read("NICE", "s.py", 1, False, default="x"),
            Read("API_URL", "s.py", 1, True),
        )
        project = Project("", reads=reads, requirements=replace(recipe().project.requirements, names=("psycopg",)))
        found = dummies.of(project)
        assert found["DATABASE_URL"].startswith("postgres://") and found["PAGES"] == "1" and found["API_URL"].startswith("http://")
        assert found["DEBUG"] == "False" and "NICE" not in found

    def test_names_that_no_shell_takes_are_left_out(self) -> None:
        assert dummies.of(Project("", reads=(Read("A;id", "s.py", 1, True), Read("B", "s.py", 1, True)))) == {
            "B": "only-for-the-build"
        }


class TestCommands:
    def test_it_listens_to_everybody_on_its_port(self) -> None:
        daphne = ["daphne", "-b", "127.0.0.1", "-p", "{port}", "shop.asgi:application"]
        assert in_container(daphne, 9000) == ["daphne", "-b", "0.0.0.0", "-p", "9000", "shop.asgi:application"]

    def test_an_address_that_is_none_to_listen_at_stays(self) -> None:
        assert in_container(["worker", "--redis", "127.0.0.1:6379"]) == ["worker", "--redis", "127.0.0.1:6379"]

    def test_beat_keeps_its_file_where_anybody_may_write(self) -> None:
        assert in_container(["celery", "-A", "shop", "beat"])[-2:] == ["--schedule", "/tmp/celerybeat-schedule"]
        kept = ["celery", "-A", "shop", "beat", "--scheduler", "django_celery_beat.schedulers:DatabaseScheduler"]
        assert in_container(kept) == kept


def test_the_base_is_the_same_for_what_is_built_and_what_is_shipped() -> None:
    froms = [line for line in images.write(recipe()).dockerfile.splitlines() if line.startswith("FROM")]
    assert froms == [f"FROM {BASE} AS builder", f"FROM {BASE}"]
    assert MIGRATE not in recipe().static_steps and COLLECT in recipe().static_steps
