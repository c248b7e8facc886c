"""Real applications asked from inside by a real interpreter."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from workloads import described
from workloads.described import Inside, Unanswered
from workloads.troubles import Trouble

SETTINGS = """
import os
SECRET_KEY = "django-insecure-abc"
DEBUG = os.environ.get("DEBUG") == "1"
ALLOWED_HOSTS = ["shop.example"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "data/db.sqlite3"},
             "other": {"ENGINE": "django.contrib.gis.db.backends.postgis", "NAME": "x", "PASSWORD": "hunter2hunter2", "HOST": "db"}}
INSTALLED_APPS = ["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.messages",
                  "django.contrib.sessions", "django.contrib.staticfiles", "shop"]
MIDDLEWARE = []
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
ROOT_URLCONF = "site_urls"
LOGIN_URL = "login"
STATIC_URL = "static/"
STATIC_ROOT = "collected"
CELERY_BROKER_URL = "redis://:hunter2hunter2@cache:6379/0"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""
URLS = """
from django.contrib import admin
from django.http import HttpResponse
from django.urls import include, path, re_path
from django.views.generic import TemplateView, View
class Buy(View):
    def post(self, request): ...
shop = ([path("cart/", HttpResponse, name="cart"), path("item/<int:pk>/", HttpResponse)], "shop")
urlpatterns = [
    path("", TemplateView.as_view(template_name="x"), name="home"),
    path("admin/", admin.site.urls),
    path("login/", HttpResponse, name="login"),
    path("shop/", include(shop)),
    path("buy/", Buy.as_view()),
    re_path(r"^healthz/?$", HttpResponse),
    re_path(r"^old\\.html$", HttpResponse),
    re_path(r"^year/(\\d{4})/$", HttpResponse),
    path("users/<int:pk>/", include([path("edit/", HttpResponse)])),
]
"""
MANAGE = """
import os, sys
if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise ImportError("No Django") from error
    execute_from_command_line(sys.argv)
"""
MODELS = """
from django.db import models
class Item(models.Model):
    name = models.CharField(max_length=20)
    tags = models.ManyToManyField("self")
"""


@pytest.fixture
def shop(tmp_path: Path) -> Inside:
    write(tmp_path, "site_settings.py", SETTINGS)
    write(tmp_path, "site_urls.py", URLS)
    write(tmp_path, "manage.py", MANAGE)
    write(tmp_path, "shop/__init__.py", "")
    write(tmp_path, "shop/models.py", MODELS)
    return Inside(Path(sys.executable), tmp_path, {"DEBUG": "1"})


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def trouble(inside: Inside) -> Trouble:
    with pytest.raises(Unanswered) as caught:
        described.describe(inside)
    return caught.value.trouble


def test_settings_come_out_as_they_are(shop: Inside) -> None:
    found = described.describe(shop)
    assert (found.debug, found.secret_key, found.allowed_hosts) == (True, "insecure", ("shop.example",))
    assert found.databases["default"].engine == "sqlite3"
    assert (found.databases["other"].engine, found.databases["other"].host) == ("postgresql", "db")
    assert (found.settings_module, found.static_root) == ("site_settings", "collected")
    assert found.folders == ("data",)
    assert found.trouble is None


def test_no_secret_leaves_the_application(shop: Inside) -> None:
    found = described.describe(shop)
    assert "hunter2" not in str(found)
    assert "insecure-abc" not in str(found)
    assert found.celery_broker == "redis://:***@cache:6379/0"


def test_pages_without_arguments_are_listed(shop: Inside) -> None:
    found = described.describe(shop)
    paths = {route.path: route for route in found.routes}
    assert {"/", "/login/", "/shop/cart/", "/buy/", "/healthz/", "/old.html"} <= paths.keys()
    assert not [path for path in paths if "item" in path or "year" in path or "users" in path]
    assert paths["/buy/"].get is False
    assert paths["/shop/cart/"].name == "shop:cart"
    assert (found.landing_page, found.login_page, found.admin_page) == ("/", "/login/", "/admin/")
    assert found.health_pages == ("/healthz/",)


def test_tables_and_columns_are_what_the_models_read(shop: Inside) -> None:
    tables = described.tables_read(shop)
    assert tables["shop_item"] == {"id", "name"}
    assert tables["shop_item_tags"] == {"id", "from_item_id", "to_item_id"}


def test_checks_come_as_facts(shop: Inside) -> None:
    write(shop.folder, "shop/models.py", MODELS + "    other = models.ForeignKey('shop.Nothing', models.CASCADE)\n")
    errors = {fact.rule: fact.path for fact in described.checks(shop) if fact.severity == "high"}
    assert errors["fields.E300"] == errors["fields.E307"] == "shop.Item.other"


def test_checks_of_deployment_are_asked_apart(shop: Inside) -> None:
    rules = {fact.rule for fact in described.checks(shop, deploy=True)}
    assert {"security.W009", "security.W018"} <= rules
    assert not [rule for rule in rules if rule.startswith("models")]


def test_changes_without_a_migration_are_told(shop: Inside) -> None:
    write(shop.folder, "shop/migrations/__init__.py", "")
    found = described.pending_migrations(shop)
    assert found.unmade == {"shop": ["Create model Item"]}
    assert found.database_empty
    assert "auth.0001_initial" in found.pending


def test_a_database_that_outlives_the_release_is_looked_for_where_it_is_kept(shop: Inside, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    found = described.pending_migrations(shop, {str(shop.folder / "data"): str(kept)})
    assert found.database_empty
    assert not list(kept.iterdir()), "asking makes no database"


@pytest.mark.parametrize(
    ("code", "kind", "name"),
    [
        ('os.environ["STRIPE_KEY"]', "missing_variable", "STRIPE_KEY"),
        ('int(os.environ.get("WORKERS"))', "missing_variable", "WORKERS"),
        ("raise ImproperlyConfigured('Set the API_URL environment variable')", "missing_variable", "API_URL"),
        ("raise ImproperlyConfigured('no good')", "settings", ""),
        ("from storages import backends", "missing_module", "storages"),
        ("from django.urls import nothing", "missing_module", "django.urls"),
        ("import html.parser; html.parser.HTMLParseError", "missing_module", "html.parser.HTMLParseError"),
        ("from collections import Mapping", "missing_module", "collections.Mapping"),
        ("1 / 0", "code", ""),
        ("raise SystemExit('no')", "code", ""),
        ("this is no Python", "code", ""),
    ],
)
def test_settings_that_do_not_load_say_why_and_where(shop: Inside, code: str, kind: str, name: str) -> None:
    text = f"import os\nfrom django.core.exceptions import ImproperlyConfigured\n{code}\n"
    write(shop.folder, "site_settings.py", text)
    found = trouble(shop)
    assert (found.kind, found.name) == (kind, name)
    assert found.place == "site_settings.py:3"
    assert found.cure


def test_an_empty_secret_key_that_no_variable_fills_is_for_the_settings(shop: Inside) -> None:
    write(shop.folder, "site_settings.py", 'SECRET_KEY = ""\n')
    found = trouble(shop)
    assert (found.kind, found.name) == ("settings", "SECRET_KEY")
    assert "Let the settings read it" in found.cure


@pytest.mark.parametrize("code", ["os._exit(3)", "os.kill(os.getpid(), 11)"])
def test_settings_that_end_the_process_say_so(shop: Inside, code: str) -> None:
    write(shop.folder, "site_settings.py", f"import os\nprint('last words', flush=True)\n{code}\n")
    found = trouble(shop)
    assert found.kind == "died"
    assert "last words" in found.trace


def test_apps_that_do_not_load_leave_the_settings_described(shop: Inside) -> None:
    write(shop.folder, "shop/models.py", "import nothing_like_it\n")
    found = described.describe(shop)
    assert found.settings_module == "site_settings"
    assert found.trouble
    assert (found.trouble.kind, found.trouble.name, found.trouble.place) == (
        "missing_module",
        "nothing_like_it",
        "shop/models.py:1",
    )


def test_a_secret_in_an_error_is_masked(shop: Inside) -> None:
    write(shop.folder, "site_settings.py", "import os\nraise ValueError(os.environ['KEY'])\n")
    keyed = Inside(shop.python, shop.folder, {"KEY": "correct-horse"}, secrets=frozenset({"correct-horse"}))
    found = trouble(keyed)
    assert "correct-horse" not in str(found)
    assert "ValueError" in found.message


def test_settings_that_wait_for_ever_are_ended(shop: Inside) -> None:
    write(shop.folder, "site_settings.py", "import time\ntime.sleep(60)\n")
    slow = Inside(shop.python, shop.folder, {}, seconds=1.5)
    assert trouble(slow).kind == "timed_out"


def test_nothing_of_ours_is_seen_inside(shop: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMONEL_SECRET_KEY", "ours")
    write(shop.folder, "site_settings.py", SETTINGS + "\nFORCE_SCRIPT_NAME = '/'.join(sorted(os.environ))\nimport workloads\n")
    found = trouble(shop)
    assert found.name == "workloads", "our own packages are not on the application's path"
    write(shop.folder, "site_settings.py", SETTINGS + "\nFORCE_SCRIPT_NAME = ' '.join(sorted(os.environ))\n")
    assert "TIMONEL" not in str(described.describe(shop).raw["force_script_name"])


def test_an_application_may_have_a_module_named_like_ours(shop: Inside) -> None:
    write(shop.folder, "ask.py", "MINE = True\n")
    write(shop.folder, "site_settings.py", SETTINGS + "\nimport ask\nassert ask.MINE\n")
    assert described.describe(shop).settings_module == "site_settings"


def test_what_an_application_prints_does_not_spoil_the_answer(shop: Inside) -> None:
    write(shop.folder, "site_settings.py", SETTINGS + "\nprint('{' * 100_000)\n")
    assert described.describe(shop).settings_module == "site_settings"
