"""The settings as they came out, without the value of any secret."""

import os
import re
import sys
from typing import Any, Dict, List

NEEDS = ("settings",)
PLAIN = (
    "DEBUG",
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED_ORIGINS",
    "INSTALLED_APPS",
    "MIDDLEWARE",
    "ROOT_URLCONF",
    "WSGI_APPLICATION",
    "ASGI_APPLICATION",
    "STATIC_URL",
    "STATIC_ROOT",
    "STATICFILES_DIRS",
    "MEDIA_URL",
    "MEDIA_ROOT",
    "LOGIN_URL",
    "LOGIN_REDIRECT_URL",
    "FORCE_SCRIPT_NAME",
    "SECURE_SSL_REDIRECT",
    "SECURE_PROXY_SSL_HEADER",
    "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE",
    "SESSION_ENGINE",
    "USE_X_FORWARDED_HOST",
    "DEFAULT_AUTO_FIELD",
    "EMAIL_BACKEND",
    "TEST_RUNNER",
    "TIME_ZONE",
    "AUTH_USER_MODEL",
    "PASSWORD_HASHERS",
    "SITE_ID",
)
PASSWORD_IN_URL = re.compile(r"(?<=://)([^/@\s:]*):[^@\s]*@")


def answer(options: Dict[str, Any]) -> Dict[str, Any]:
    """Every setting that deploying rests on, under its name in small letters."""
    from django.conf import settings

    found = {name.lower(): plain(getattr(settings, name, None)) for name in PLAIN}
    found["settings_module"] = str(getattr(settings, "SETTINGS_MODULE", ""))
    found["secret_key"] = judge_secret_key(str(getattr(settings, "SECRET_KEY", "") or ""))
    found["databases"] = {alias: describe_database(values) for alias, values in settings.DATABASES.items()}
    found["caches"] = {
        alias: {"backend": values.get("BACKEND", ""), "location": plain(values.get("LOCATION", ""))}
        for alias, values in settings.CACHES.items()
    }
    found["storages"] = describe_storages(settings)
    found["celery"] = {
        "broker": plain(getattr(settings, "CELERY_BROKER_URL", None) or getattr(settings, "BROKER_URL", None)),
        "eager": bool(getattr(settings, "CELERY_TASK_ALWAYS_EAGER", False)),
    }
    found["uses_configurations"] = "configurations" in sys.modules  # then settings are made by classes, not by a module
    found["folders"] = folders_needed(settings, os.getcwd())
    found["log_files"] = log_files(getattr(settings, "LOGGING", None) or {})
    return found


def folders_needed(settings: Any, root: str) -> List[str]:
    """Folders below the application's own that must be there before it starts: of SQLite and of log files."""
    files = [str(values.get("NAME") or "") for values in settings.DATABASES.values() if "sqlite" in values.get("ENGINE", "")]
    files += log_files(getattr(settings, "LOGGING", None) or {})
    folders = {os.path.dirname(os.path.abspath(name)) for name in files if name and not name.startswith(("file:", ":memory:"))}
    return sorted(folder for folder in folders if folder.startswith(root + os.sep))


def describe_database(values: Dict[str, Any]) -> Dict[str, Any]:
    """A database's address without its password."""
    known = {name.lower(): plain(values.get(name)) for name in ("ENGINE", "NAME", "HOST", "PORT", "USER")}
    known["has_password"] = bool(values.get("PASSWORD"))
    known["options"] = sorted(str(name) for name in (values.get("OPTIONS") or {}))
    known["conn_max_age"] = plain(values.get("CONN_MAX_AGE"))
    return known


def describe_storages(settings: Any) -> Dict[str, str]:
    """The backends of uploaded and static files, under their names of Django 4.2 and later."""
    storages = {
        "default": str(getattr(settings, "DEFAULT_FILE_STORAGE", "") or ""),
        "staticfiles": str(getattr(settings, "STATICFILES_STORAGE", "") or ""),
    }
    for alias, values in (getattr(settings, "STORAGES", None) or {}).items():
        storages[alias] = str(values.get("BACKEND", ""))
    return storages


def judge_secret_key(key: str) -> str:
    """`missing`, `insecure` (as startproject writes it, or too short) or `set`; never the key."""
    if not key:
        return "missing"
    return "insecure" if key.startswith("django-insecure-") or len(key) < 32 or len(set(key)) < 5 else "set"


def log_files(logging: Dict[str, Any]) -> List[str]:
    """The files that handlers write to: their folders must exist."""
    handlers = logging.get("handlers", {}).values()
    return [str(handler["filename"]) for handler in handlers if isinstance(handler, dict) and handler.get("filename")]


def plain(value: Any) -> Any:
    """The value as JSON; lazy texts and paths as text, passwords in addresses masked."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return PASSWORD_IN_URL.sub(r"\1:***@", str(value))
