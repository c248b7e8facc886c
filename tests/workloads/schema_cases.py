"""A project with one application a case: all begin with the same tables, each has one pending migration of its own."""

from __future__ import annotations

from pathlib import Path

SETTINGS = """
import os
SECRET_KEY = "a" * 50
DATABASES = {"default": {"ENGINE": os.environ["DB_ENGINE"], "NAME": os.environ["DB_NAME"], "USER": os.environ.get("DB_USER", ""),
    "PASSWORD": os.environ.get("DB_PASSWORD", ""), "HOST": os.environ.get("DB_HOST", ""), "PORT": os.environ.get("DB_PORT", "")}}
INSTALLED_APPS = [%s]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "cases_urls"
USE_TZ = True
"""
MANAGE = """
import os, sys
if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cases_settings")
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
"""
HEAD = """
from django.db import migrations, models
from django.db.models.deletion import CASCADE
from django.db.models.functions import Now
from django.contrib.postgres import operations as pg
"""
FIRST = """
class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel("Author", [
            ("id", models.BigAutoField(primary_key=True)),
            ("name", models.CharField(max_length=50)),
        ]),
        migrations.CreateModel("Book", [
            ("id", models.BigAutoField(primary_key=True)),
            ("title", models.CharField(max_length=50)),
            ("note", models.CharField(max_length=50, null=True)),
            ("pages", models.IntegerField(null=True)),
            ("price", models.DecimalField(max_digits=6, decimal_places=2)),
            ("writer", models.BigIntegerField(null=True)),
            ("stock", models.IntegerField(db_default=0)),
            ("shelf", models.CharField(max_length=9, db_column="place")),
            ("author", models.ForeignKey("%(app)s.Author", CASCADE, null=True)),
            ("readers", models.ManyToManyField("%(app)s.Author", related_name="+")),
        ], options={"unique_together": {("title", "note")}}),
        migrations.CreateModel("View", [("id", models.BigAutoField(primary_key=True))], options={"managed": False}),
        migrations.AddIndex("book", models.Index(fields=["pages"], name="%(app)s_pages")),
    ]
"""
SECOND = """
def forwards(apps, schema_editor):
    \"\"\"Fills the titles.\"\"\"

class Migration(migrations.Migration):
    dependencies = [("%(app)s", "0001_initial")]
    atomic = %(atomic)s
    operations = [
        %(operations)s
    ]
"""


def write(folder: Path, cases: dict[str, str]) -> None:
    """The project with the first migration of every application; `cases` are the operations of the second ones."""
    (folder / "cases_settings.py").write_text(SETTINGS % ", ".join(f'"{name}"' for name in cases))
    (folder / "cases_urls.py").write_text("urlpatterns = []\n")
    (folder / "manage.py").write_text(MANAGE)
    for name in cases:
        migrations = folder / name / "migrations"
        migrations.mkdir(parents=True)
        (folder / name / "__init__.py").touch()
        (folder / name / "models.py").touch()
        (migrations / "__init__.py").touch()
        (migrations / "0001_initial.py").write_text(HEAD + FIRST % {"app": name})


def add_second(folder: Path, cases: dict[str, str]) -> None:
    """The pending migrations."""
    for name, operations in cases.items():
        atomic = "Concurrently" not in operations
        text = HEAD + SECOND % {"app": name, "operations": operations % {"app": name}, "atomic": atomic}
        (folder / name / "migrations" / "0002_case.py").write_text(text)
