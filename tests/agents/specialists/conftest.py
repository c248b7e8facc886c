"""A little real application, built once, and the work that a specialist is given on it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agents.specialists import Work, registry
from workloads import configuration
from workloads.evidence import Assessment
from workloads.models import Application, Environment
from workloads.source.understand import understand

FILES = {
    "requirements.txt": "django==5.2.*\npsycopg[binary]\n",
    "manage.py": (
        "import os, sys\n"
        "if __name__ == '__main__':\n"
        "    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\n"
        "    from django.core.management import execute_from_command_line\n"
        "    execute_from_command_line(sys.argv)\n"
    ),
    "site1/__init__.py": "",
    "site1/urls.py": "urlpatterns = []\n",
    "site1/settings.py": (
        "import os\n"
        "SECRET_KEY = os.environ['SECRET_KEY']\n"
        "DEBUG = os.environ.get('DEBUG') == '1'\n"
        "ALLOWED_HOSTS = os.environ.get('ALLOWED_HOSTS', '').split(',')\n"
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'shop.sqlite3'}}\n"
        "INSTALLED_APPS = ['django.contrib.contenttypes', 'django.contrib.auth', 'shop']\n"
        "ROOT_URLCONF = 'site1.urls'\n"
        "DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'\n"
    ),
    "shop/__init__.py": "",
    "shop/models.py": (
        "from django.db import models\nclass Item(models.Model):\n    name = models.CharField(max_length=20)\n"
        "    def __str__(self):\n        return self.name\n"
    ),
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": (
        "from django.db import migrations, models\n"
        "class Migration(migrations.Migration):\n"
        "    initial = True\n"
        "    operations = [migrations.CreateModel('Item', [('id', models.BigAutoField(primary_key=True,"
        " auto_created=True, serialize=False, verbose_name='ID')), ('name', models.CharField(max_length=20))])]\n"
    ),
    "shop/tests.py": (
        "from django.test import TestCase\nfrom shop.models import Item\n"
        "class ItemTest(TestCase):\n"
        "    def test_an_item_has_its_name(self):\n"
        "        self.assertEqual(str(Item.objects.create(name='pen')), 'pen')\n"
    ),
}


@dataclass
class Desk:
    """Where a test changes the source and asks a specialist."""

    source: Path
    environment: Environment
    said: list[str] = field(default_factory=list)

    def write(self, name: str, text: str) -> None:
        """A file of the source."""
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def ask(self, specialist: str, **more: Any) -> Assessment:
        """What the specialist finds now."""
        project = understand(self.source, "")
        work = Work(
            run=1,
            environment=self.environment,
            application=self.environment.application,
            source=self.source,
            project=project,
            commit="c" * 40,
            say=lambda text, **_: self.said.append(text),
            deadline=time.monotonic() + 150,
            **({"configuration": configuration.propose(self.environment, project)} | more),
        )
        return registry()[specialist].assess(work)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Timonel's data folder, shared so that the application's environments are built once."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def desk(built: Path, tmp_path: Path, settings: Any, db: None) -> Iterator[Desk]:
    """The application in a folder of its own, and its environment."""
    settings.DATA_DIR = built
    application = Application.objects.create(name="shop", repository="/nowhere")
    environment = Environment.objects.create(application=application, name="local", port=21_999)
    made = Desk(tmp_path / "source", environment)
    for name, text in FILES.items():
        made.write(name, text)
    yield made
