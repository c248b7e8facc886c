"""Which distributions the code imports: a guess, for projects that do not say."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from workloads.source import files

# Distributions whose import name is another; the rest is looked for under its own name.
DISTRIBUTIONS = {
    "PIL": "pillow",
    "allauth": "django-allauth",
    "bootstrap3": "django-bootstrap3",
    "bootstrap4": "django-bootstrap4",
    "bs4": "beautifulsoup4",
    "channels_redis": "channels-redis",
    "ckeditor": "django-ckeditor",
    "compressor": "django-compressor",
    "constance": "django-constance",
    "corsheaders": "django-cors-headers",
    "crispy_bootstrap4": "crispy-bootstrap4",
    "crispy_bootstrap5": "crispy-bootstrap5",
    "crispy_forms": "django-crispy-forms",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "debug_toolbar": "django-debug-toolbar",
    "decouple": "python-decouple",
    "dj_database_url": "dj-database-url",
    "django_celery_beat": "django-celery-beat",
    "django_celery_results": "django-celery-results",
    "django_countries": "django-countries",
    "django_extensions": "django-extensions",
    "django_filters": "django-filter",
    "django_heroku": "django-heroku",
    "django_htmx": "django-htmx",
    "django_redis": "django-redis",
    "django_tables2": "django-tables2",
    "dotenv": "python-dotenv",
    "environ": "django-environ",
    "guardian": "django-guardian",
    "import_export": "django-import-export",
    "jwt": "pyjwt",
    "markdownx": "django-markdownx",
    "mptt": "django-mptt",
    "MySQLdb": "mysqlclient",
    "phonenumber_field": "django-phonenumber-field",
    "psycopg2": "psycopg2-binary",
    "rest_framework": "djangorestframework",
    "rest_framework_simplejwt": "djangorestframework-simplejwt",
    "reversion": "django-reversion",
    "simple_history": "django-simple-history",
    "sklearn": "scikit-learn",
    "slugify": "python-slugify",
    "social_django": "social-auth-app-django",
    "sorl": "sorl-thumbnail",
    "storages": "django-storages",
    "taggit": "django-taggit",
    "tinymce": "django-tinymce",
    "widget_tweaks": "django-widget-tweaks",
    "wagtail": "wagtail",
    "yaml": "pyyaml",
    "django": "django",
}
ORDINARY = frozenset(
    [
        "requests",
        "whitenoise",
        "celery",
        "redis",
        "markdown",
        "pytz",
        "numpy",
        "pandas",
        "stripe",
        "environs",
        "structlog",
        "sentry_sdk",
        "gunicorn",
    ]
)
ASIDE = frozenset(["tests", "test", "docs", "doc", "examples", "scripts"])


def distribution(module: str) -> str:
    """The distribution that an import name most likely comes from."""
    return DISTRIBUTIONS.get(module, module.replace("_", "-").lower())


def guess(folder: Path, apps: tuple[str, ...]) -> list[str]:
    """Distributions that the project's own code and INSTALLED_APPS name and neither Python nor the project has."""
    local = {path.stem for path in folder.glob("*.py")} | {path.name for path in folder.iterdir() if path.is_dir()}
    named = {app.split(".")[0] for app in apps}
    for path in files.walk(folder, 4):
        inside = set(path.relative_to(folder).parts[:-1])
        if path.suffix == ".py" and not inside & ASIDE and not path.name.startswith("test"):
            named |= _modules(path)
    outside = {name for name in named if name and name not in local and name not in sys.stdlib_module_names}
    known = {name for name in outside if name in DISTRIBUTIONS or name in ORDINARY or name in {app.split(".")[0] for app in apps}}
    return sorted({distribution(name) for name in known} | {"django"})


def _modules(path: Path) -> set[str]:
    tree = files.python(path)
    found: set[str] = set()
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.split(".")[0])
    return found
