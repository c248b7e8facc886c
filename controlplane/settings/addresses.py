"""Turning addresses into Django's settings: DATABASE_URL, TIMONEL_EMAIL_URL."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

IDLE_IN_TRANSACTION_SECONDS = 15


def database_from_url(url: str) -> dict[str, Any]:
    """Django's settings of a `postgresql://user:password@host:port/name?option=value` address.

    An empty address gives settings without a host: commands that need no database still work.
    """
    parts = urlsplit(url or "postgresql:///timonel")
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            f"DATABASE_URL starts with {parts.scheme!r}. Timonel needs PostgreSQL: postgresql://user:password@host:5432/name"
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "ATOMIC_REQUESTS": False,
        # A view or step takes a connection for a moment; nothing holds one while a tool waits.
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            # A process that is stopped in the middle of a transaction must not hold its rows, and with them the reaper.
            "options": f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_SECONDS}s",
            "pool": {"min_size": 0, "max_size": 8, "timeout": 10, "max_idle": 60},
            **dict(parse_qsl(parts.query)),
        },
    }


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over, and how; without a host, nowhere."""

    host: str
    port: int
    user: str
    password: str
    ssl: bool
    starttls: bool


def mail_from_url(url: str) -> MailServer:
    """The server of `smtp://user:password@host:587` (STARTTLS; `?tls=no` for none) or `smtps://user:password@host:465`."""
    parts = urlsplit(url or "smtp:")
    if parts.scheme not in {"smtp", "smtps"} or (url and not parts.hostname):
        raise ImproperlyConfigured("TIMONEL_EMAIL_URL is none. Set it to smtp://user:password@host:587, or smtps:// for TLS.")
    secure = parts.scheme == "smtps"
    return MailServer(
        host=unquote(parts.hostname or ""),
        port=parts.port or (465 if secure else 587),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        ssl=secure,
        starttls=not secure and dict(parse_qsl(parts.query)).get("tls") != "no",
    )
