"""Timonel behind TLS on servers of its own."""

from django.core.exceptions import ImproperlyConfigured

from controlplane.settings import env
from controlplane.settings.base import *  # noqa: F403
from controlplane.settings.base import ALLOWED_HOSTS, DATABASE_URL, ENCRYPTION_KEYS, REDIS_URL, SECRET_KEY

for _name, _value, _cure in (
    ("TIMONEL_SECRET_KEY", SECRET_KEY, "a random text of 50 characters or more"),
    ("TIMONEL_ENCRYPTION_KEYS", ENCRYPTION_KEYS, "one or more Fernet keys, separated by commas"),
    ("TIMONEL_ALLOWED_HOSTS", ALLOWED_HOSTS, "the host names people open, separated by commas"),
    ("DATABASE_URL", DATABASE_URL, "postgresql://user:password@host:5432/name"),
    ("REDIS_URL", REDIS_URL, "redis://host:6379/0"),
):
    if not _value:
        raise ImproperlyConfigured(f"{_name} is not set. Set it to {_cure}, or name a file that holds it in {_name}_FILE.")

SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECURE_SSL_REDIRECT = env.flag("TIMONEL_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^api/v1/(health|ready)$"]  # asked by whoever started the process, without TLS
SECURE_HSTS_SECONDS = env.number("TIMONEL_HSTS_SECONDS", 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
BEHIND_PROXY = env.flag("TIMONEL_BEHIND_PROXY", True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
