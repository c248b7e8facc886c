"""Every way in which settings read variables."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from workloads.source.project import Read
from workloads.source.reads import Reading, read_module


def read(*modules: str) -> dict[str, Read]:
    reading = Reading()
    for module in modules:
        read_module(ast.parse(dedent(module)), "settings.py", reading)
    return reading.reads


@pytest.mark.parametrize(
    ("source", "required", "default"),
    [
        ('import os\nX = os.environ["NAME"]', True, None),
        ('import os\nX = os.environ.get("NAME")', False, None),
        ('import os\nX = os.environ.get("NAME", "d")', False, "d"),
        ('import os\nX = os.getenv("NAME", default="d")', False, "d"),
        ('import os\nX = os.getenv("NAME") or "d"', False, "d"),
        ('import os\nX = int(os.environ.get("NAME"))', True, None),
        ('import os\nX = os.environ.get("NAME").split(",")', True, None),
        ('import os\nX = int(os.environ.get("NAME", 5))', False, "5"),
        ('from os import environ\nX = environ["NAME"]', True, None),
        ('from os import environ as e\nX = e.get("NAME")', False, None),
        ('import os\nenv = os.environ\nX = env["NAME"]', True, None),
        ('import environ\nenv = environ.Env()\nX = env("NAME")', True, None),
        ('import environ\nenv = environ.Env(NAME=(bool, False))\nX = env("NAME")', False, "False"),
        ('import environ\nenv = environ.Env()\nX = env.bool("NAME", default=False)', False, "False"),
        ('import environ\nenv = environ.Env()\nX = env.list("NAME", [])', False, "[]"),
        ('from environs import Env\nenv = Env()\nX = env.str("NAME")', True, None),
        ('from decouple import config\nX = config("NAME")', True, None),
        ('from decouple import config\nX = config("NAME", default="d", cast=str)', False, "d"),
        ('import decouple\nX = decouple.config("NAME", "d")', False, "d"),
    ],
)
def test_a_read_is_required_when_nothing_else_would_do(source: str, required: bool, default: str | None) -> None:
    found = read(source)["NAME"]
    assert (found.required, found.default) == (required, default)


def test_a_function_of_the_project_that_reads_by_its_first_parameter_counts() -> None:
    found = read(
        """
        import os
        def envbool(s, default):
            v = os.getenv(s, default=default)
            if v not in ("True", "False"):
                raise ValueError(v)
            return v == "True"
        def must(name):
            try:
                return os.environ[name]
            except KeyError:
                raise RuntimeError(name)
        def secret(s, default=None):
            if path := os.getenv(s + "_FILE"):
                return open(path).read()
            return os.getenv(s, default)
        DEBUG = envbool("DEBUG", "True")
        TOKEN = must("TOKEN")
        KEY = secret("KEY")
        """
    )
    assert (found["DEBUG"].required, found["DEBUG"].default) == (False, "True")
    assert found["TOKEN"].required
    assert not found["KEY"].required


def test_a_function_that_puts_a_prefix_before_the_name_is_followed() -> None:
    assert set(read('import os\ndef env(name, d=None):\n    return os.environ.get("SHOP_" + name, d)\nX = env("URL")')) == {
        "SHOP_URL"
    }
    assert set(read('import os\ndef env(name, d=None):\n    return os.environ.get(f"SHOP_{name}", d)\nX = env("URL")')) == {
        "SHOP_URL"
    }


def test_functions_of_an_imported_module_are_known() -> None:
    helper = "import os\ndef get(name):\n    return os.environ[name]\n"
    assert read(helper, 'from .helper import get\nX = get("NAME")')["NAME"].required


def test_reads_in_code_that_may_not_run_are_not_required() -> None:
    found = read(
        """
        import os
        if os.environ.get("MODE") == "live":
            A = os.environ["A"]
        try:
            B = os.environ["B"]
        except KeyError:
            B = ""
        def later():
            return os.environ["C"]
        """
    )
    assert not found["A"].required
    assert not found["B"].required
    assert "C" not in found


def test_what_runs_without_debug_is_required() -> None:
    source = """
        import os
        DEBUG = os.environ.get("DEBUG") == "1"
        if not DEBUG:
            A = os.environ["A"]
        else:
            B = os.environ["B"]
        """
    found = read(source)
    assert found["A"].required
    assert not found["B"].required


def test_the_setting_a_variable_becomes_is_known() -> None:
    found = read(
        """
        import os
        SECRET_KEY = os.environ["ANY_NAME"]
        HOST = os.environ.get("THE_HOST")
        DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["N"], "HOST": HOST}}
        CACHES = {"default": {"LOCATION": os.environ.get("C")}}
        """
    )
    assert found["ANY_NAME"].setting == "SECRET_KEY"
    assert found["N"].setting == "DATABASES.default.NAME"
    assert found["THE_HOST"].setting == "DATABASES.default.HOST"
    assert found["C"].setting == "CACHES.default.LOCATION"


def test_the_name_of_a_sqlite_file_is_no_server_database() -> None:
    source = 'import os\nDATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("DB_NAME", "x")}}'
    assert read(source)["DB_NAME"].setting == "SQLITE.NAME"


def test_the_values_a_variable_is_compared_with_are_its_options() -> None:
    source = """
        import os
        DB = os.getenv("DB_KIND", "sqlite")
        if DB == "postgres":
            X = 1
        elif DB in ("mysql", "mariadb"):
            X = 2
        """
    assert read(source)["DB_KIND"].options == ("postgres", "mysql", "mariadb")


def test_presence_alone_is_a_read() -> None:
    assert read('import os\nDEBUG = "RENDER" not in os.environ')["RENDER"].cast == "absent"
    assert read('import os\nif "X" in os.environ:\n    SECRET_KEY = os.environ["X"]')["X"].cast != "present"


def test_a_split_names_its_separator() -> None:
    assert read('import os\nALLOWED_HOSTS = os.environ.get("H", "").split(" ")')["H"].cast == "split: "
    assert read('import os\nALLOWED_HOSTS = [os.environ.get("H")]')["H"].cast == "item"


def test_database_urls_are_recognised() -> None:
    assert read('import dj_database_url\nDATABASES = {"default": dj_database_url.config(default="sqlite:///x")}')[
        "DATABASE_URL"
    ].setting
    found = read('import environ\nenv = environ.Env()\nDATABASES = {"default": env.db()}')["DATABASE_URL"]
    assert (found.required, found.setting) == (True, "DATABASES.default")
    assert not read('import environ\nenv = environ.Env()\nX = env.db("MAIN_DB", default="sqlite:///x")')["MAIN_DB"].required


def test_pydantic_settings_read_their_fields() -> None:
    found = read(
        """
        from pydantic_settings import BaseSettings, SettingsConfigDict
        class Env(BaseSettings):
            model_config = SettingsConfigDict(env_prefix="shop_")
            secret_key: str
            page_size: int = 20
        """
    )
    assert found["SHOP_SECRET_KEY"].required
    assert (found["SHOP_PAGE_SIZE"].required, found["SHOP_PAGE_SIZE"].default) == (False, "20")


def test_django_configurations_read_by_the_name_of_the_setting() -> None:
    found = read(
        """
        from configurations import Configuration, values
        class Production(Configuration):
            SECRET_KEY = values.SecretValue()
            DEBUG = values.BooleanValue(False)
            DATABASES = values.DatabaseURLValue("sqlite:///x")
        """
    )
    assert {name: item.setting for name, item in found.items()} == {
        "DJANGO_SECRET_KEY": "SECRET_KEY",
        "DJANGO_DEBUG": "DEBUG",
        "DATABASE_URL": "DATABASES",
    }


def test_a_prefix_of_environs_is_put_before_the_name() -> None:
    assert set(read('from environs import Env\nenv = Env()\nwith env.prefixed("SHOP_"):\n    X = env("A")\nY = env("B")')) == {
        "SHOP_A",
        "B",
    }


def test_a_read_in_the_default_of_another_is_a_read() -> None:
    source = """
        import dj_database_url
        from decouple import config
        DATABASES = {"default": dj_database_url.config(default=config("DATABASE_URL"))}
        """
    assert read(source)["DATABASE_URL"].required


@pytest.mark.parametrize("use", ['URL + "/1"', 'f"{URL}/1"', 'os.environ["REDIS_URL"] + "/1"'])
def test_an_address_that_goes_on_in_the_settings_is_known(use: str) -> None:
    url = "URL = os.environ.get('REDIS_TLS_URL', os.environ['REDIS_URL'])"
    found = read(f"import os\n{url}\nCACHES = {{'default': {{'LOCATION': {use}}}}}\n")
    assert found["REDIS_URL"].cast == "extended"
