"""Small Django projects, written to disk by the tests that read, build or register them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

MANAGE = """import os, sys
if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{settings}")
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
"""
WSGI = """import os
from django.core.wsgi import get_wsgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{settings}")
application = get_wsgi_application()
"""
SETTINGS = """import os
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = os.environ["SECRET_KEY"]
DEBUG = os.environ.get("DEBUG", "1") == "1"
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "").split(",")
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.staticfiles", "shop"]
MIDDLEWARE = []
ROOT_URLCONF = "site_.urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
"""
URLS = 'from django.urls import path\nurlpatterns = [path("healthz/", lambda request: None)]\n'


def write(folder: Path, **files: str) -> Path:
    """Write files; `__` in a name stands for `/`, and a name without an ending is a Python file."""
    return write_paths(folder, {name.replace("__", "/"): text for name, text in files.items()})


def write_paths(folder: Path, files: dict[str, str]) -> Path:
    """Write files by their paths."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def project(folder: Path, settings: str = SETTINGS, requirements: str = "django~=5.2.0\n", **more: str) -> Path:
    """A project named `site_` with one application `shop`; `more` adds or replaces files by path."""
    files = {
        "manage.py": MANAGE.format(settings="site_.settings"),
        "site_/__init__.py": "",
        "site_/settings.py": settings,
        "site_/urls.py": URLS,
        "site_/wsgi.py": WSGI.format(settings="site_.settings"),
        "shop/__init__.py": "",
        "requirements.txt": requirements,
    }
    return write_paths(folder, {name: text for name, text in {**files, **more}.items() if text != "-"})


def git(folder: Path, *command: str) -> str:
    """Git in the folder, as somebody."""
    who = {
        "GIT_AUTHOR_NAME": "Alice",
        "GIT_AUTHOR_EMAIL": "alice@example.org",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **who}
    return subprocess.run(["git", *command], cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout.strip()


def repository(folder: Path) -> Path:
    """Make the folder a repository with one commit of everything in it."""
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    return folder
