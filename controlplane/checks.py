"""System checks of Timonel's own settings: a wrong one names itself and its cure."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cryptography.fernet import Fernet
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from controlplane.core import roles, signing
from controlplane.core.errors import Invalid

PREFIX = "timonel"
REDIS_SCHEMES = {"redis", "rediss", "unix"}
CONNECT_SECONDS = 2.0
Apps = Sequence[AppConfig] | None


@register(Tags.security)
def encryption_keys(app_configs: Apps, **_: Any) -> Iterable[CheckMessage]:
    """Every key must be a Fernet key: a wrong one would be found out at the first secret."""
    for position, key in enumerate(settings.ENCRYPTION_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            yield Error(
                f"TIMONEL_ENCRYPTION_KEYS: key {position} is not a Fernet key.",
                hint='Make one: python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"',
                id=f"{PREFIX}.E001",
            )


@register(Tags.security)
def audit_keys(app_configs: Apps, **_: Any) -> Iterable[CheckMessage]:
    """Every key must be an Ed25519 key: a wrong one would leave the audit unsigned."""
    try:
        signing.public_keys()
    except Invalid as error:
        yield Error(error.message, hint=error.cure, id=f"{PREFIX}.E006")


@register()
def redis_address(app_configs: Apps, **_: Any) -> Iterable[CheckMessage]:
    """The queue's address must be one."""
    if settings.REDIS_URL and urlsplit(settings.REDIS_URL).scheme not in REDIS_SCHEMES:
        yield Error(
            f"REDIS_URL starts with {urlsplit(settings.REDIS_URL).scheme!r}.",
            hint="Set it to redis://:password@host:6379/0, or rediss:// for TLS.",
            id=f"{PREFIX}.E002",
        )


@register()
def time_zone(app_configs: Apps, **_: Any) -> Iterable[CheckMessage]:
    """The time zone must exist here."""
    try:
        ZoneInfo(settings.TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        yield Error(
            f"TIMONEL_TIME_ZONE names {settings.TIME_ZONE!r}, which this machine does not know.",
            hint="Set it to a name of the IANA list, such as Europe/Madrid, or UTC.",
            id=f"{PREFIX}.E003",
        )


@register()
def data_folder(app_configs: Apps, **_: Any) -> Iterable[CheckMessage]:
    """The data folder, where it exists, must be ours to write."""
    if settings.DATA_DIR.exists() and not os.access(settings.DATA_DIR, os.W_OK | os.X_OK):
        yield Error(
            f"The data folder {settings.DATA_DIR} cannot be written.",
            hint="Mend its permissions, or set TIMONEL_DATA to another folder.",
            id=f"{PREFIX}.E004",
        )


@register()
def embedded_servers(app_configs: Apps, **_: Any) -> Iterable[CheckMessage]:
    """With the embedded servers, a command that needs them says so before it fails."""
    if not settings.EMBEDDED:
        return
    for name, address, port in (("PostgreSQL", settings.DATABASE_URL, 5432), ("Valkey", settings.REDIS_URL, 6379)):
        if not address or not _answers(address, port):
            yield Error(
                f"{name} does not run for {settings.DATA_DIR}." if not address else f"{name} does not answer at {_place(address)}.",
                hint="Start Timonel in another terminal: manage.py up (or make demo). With another data folder, set TIMONEL_DATA.",
                id=f"{PREFIX}.E005",
            )


@register()
def public_address(app_configs: Apps, **_: Any) -> Iterable[CheckMessage]:
    """Links in messages begin with it: a wrong one leads everybody nowhere."""
    address = urlsplit(settings.PUBLIC_URL)
    if address.scheme not in {"http", "https"} or not address.hostname or address.query or address.fragment:
        yield Error(
            f"TIMONEL_PUBLIC_URL is {settings.PUBLIC_URL!r}.",
            hint="Set it to the address people open, such as https://timonel.example.org.",
            id=f"{PREFIX}.E009",
        )


@register(Tags.security, deploy=True)
def hosts(app_configs: Apps, **_: Any) -> Iterable[CheckMessage]:
    """A wildcard host lets others name themselves in our links and mails."""
    if "*" in settings.ALLOWED_HOSTS:
        yield Warning(
            "TIMONEL_ALLOWED_HOSTS allows every host name.",
            hint="List the names people open, separated by commas.",
            id=f"{PREFIX}.W001",
        )


@register(Tags.security, deploy=True)
def trusted_origins(app_configs: Apps, **_: Any) -> Iterable[CheckMessage]:
    """Forms from a plain HTTP origin can be read and altered on their way."""
    for origin in settings.CSRF_TRUSTED_ORIGINS:
        if not origin.startswith("https://"):
            yield Warning(
                f"TIMONEL_TRUSTED_ORIGINS trusts {origin!r}.",
                hint="Write each origin with its scheme, https://name.",
                id=f"{PREFIX}.W002",
            )


@register(Tags.security)
def identity_provider(app_configs: Apps, **_: Any) -> Iterable[CheckMessage]:
    """A half-set provider, an unsafe one, or a group that is mapped to nothing: better known now than at a sign-in."""
    if not settings.OIDC_ISSUER:
        return
    issuer = urlsplit(settings.OIDC_ISSUER)
    if issuer.scheme != "https" and issuer.hostname not in {"localhost", "127.0.0.1"}:
        yield Error("TIMONEL_OIDC_ISSUER is not an https address.", hint="Set it to https://...", id=f"{PREFIX}.E006")
    providers: dict[str, Any] = settings.SOCIALACCOUNT_PROVIDERS
    app = providers["openid_connect"]["APPS"][0]
    for name, value in (("TIMONEL_OIDC_CLIENT_ID", app["client_id"]), ("TIMONEL_OIDC_CLIENT_SECRET", app["secret"])):
        if not value:
            yield Error(f"{name} is not set.", hint="Set it to what the provider gave, or unset the issuer.", id=f"{PREFIX}.E007")
    try:
        roles.parse(settings.OIDC_ROLES)
    except Invalid as error:
        yield Error(f"TIMONEL_OIDC_ROLES: {error.message}", hint=error.cure, id=f"{PREFIX}.E008")


def _answers(address: str, default_port: int) -> bool:
    parts = urlsplit(address)
    try:
        with socket.create_connection((parts.hostname or "localhost", parts.port or default_port), CONNECT_SECONDS):
            return True
    except OSError:
        return False


def _place(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.hostname}:{parts.port}"
