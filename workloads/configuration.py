"""What an application's processes are told: variables a person set, and bindings to what the platform provides."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from django.conf import settings

from workloads.models import Environment
from workloads.source import bindings
from workloads.source.bindings import Bound, Platform
from workloads.source.project import Project, Read

REDIS_DATABASES = 16
# Until the environment has a database: settings must load before one is made.
NOT_YET = "postgres://application:not-made-yet@127.0.0.1:9/application"
DATABASE_VARIABLE = re.compile(r"(\w+_)?(DATABASE|DB|POSTGRES)_?(URL|HOST)$")


class Configuration(dict[str, dict[str, Any]]):
    """Name -> {"value", "secret"} or {"binding", "secret"}; a plain dictionary for JSON. `because` says why for each name."""

    def __init__(self, entries: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        super().__init__({name: dict(entry) for name, entry in (entries or {}).items()})
        self.because: dict[str, str] = {}

    def give(self, name: str, entry: dict[str, Any], because: str) -> None:
        """Provide a variable, unless it is provided already."""
        if name not in self:
            self[name] = entry
            self.because[name] = because


def propose(environment: Environment, project: Project, drivers: frozenset[str] = frozenset()) -> Configuration:
    """Everything that is provided to this application here: what a person set comes first.

    `drivers` names distributions known to be installed beside those the project asks for.
    """
    found = Configuration()
    for variable in environment.variables.all():
        found.give(variable.name, {"value": variable.value or "", "secret": variable.secret}, "set for this environment")
    own_database = any(DATABASE_VARIABLE.match(name) for name in found)
    here = _platform(environment, project, drivers)
    for read in project.reads:
        bound = bindings.bind(read, here)
        if bound is not None and not (own_database and bound.binding.startswith("database.")):
            found.give(read.name, _entry(bound), bound.because)
        elif read.required and read.name in project.samples:
            entry = {"value": project.samples[read.name], "secret": False}
            found.give(read.name, entry, "the project's own example of its variables")
    if project.celery and here.redis:
        found.give(
            "CELERY_BROKER_URL", {"binding": "redis.url", "secret": True}, "the platform's Valkey; Celery reads it by itself"
        )
    return found


def missing(project: Project, configuration: Mapping[str, Mapping[str, Any]]) -> list[Read]:
    """The variables without which the settings do not load and that nothing provides."""
    given = {*configuration, *project.env_file}
    return [read for read in project.reads if read.required and read.name not in given]


def digest(configuration: Mapping[str, Mapping[str, Any]]) -> str:
    """A keyed SHA-256 of the configuration: tells two apart and gives nothing away."""
    content = json.dumps({name: dict(entry) for name, entry in configuration.items()}, sort_keys=True)
    return hmac.new(settings.SECRET_KEY.encode(), content.encode(), hashlib.sha256).hexdigest()


def resolve(environment: Environment, configuration: Mapping[str, Mapping[str, Any]], *, port: int) -> dict[str, str]:
    """The real values: what a process of the environment that listens on `port` finds in its environment.

    A binding to the environment's database gives an address where nobody listens until the database is made.
    """
    found: dict[str, str] = {}
    for name, entry in configuration.items():
        found[name] = str(entry["value"]) if "value" in entry else _bound(environment, name, str(entry["binding"]), port)
    return found


def secret_key(environment: Environment) -> str:
    """The environment's own SECRET_KEY: made once, whoever asks first, and kept."""
    if not environment.secret_key:
        made = secrets.token_urlsafe(48)
        Environment.objects.filter(pk=environment.pk, secret_key__isnull=True).update(secret_key=made)
        environment.refresh_from_db(fields=["secret_key"])
    return str(environment.secret_key)


def derived(environment: Environment, name: str) -> str:
    """Another secret of the application's own: from the kept one, different for each name."""
    return hmac.new(secret_key(environment).encode(), name.encode(), hashlib.sha256).hexdigest()


def listed(values: list[str], shape: str) -> str:
    """The values in the shape in which settings take a list: "json", "spaced", "separated;", or with commas."""
    if shape == "json":
        return json.dumps(values)
    separator = " " if shape == "spaced" else shape.removeprefix("separated") if shape.startswith("separated") else ","
    return separator.join(values)


def database_url(environment: Environment) -> str:
    """Where the environment's own database is today; an address where nobody listens until it is made."""
    return _where_it_is_now(environment.database_url) if environment.database_url else NOT_YET


def database_part(address: str, part: str) -> str:
    """One part of a database's address: "url", "name", "user", "password", "host", "port"."""
    url = urlsplit(address)
    parts = {
        "url": url._replace(scheme="postgres").geturl(),  # the spelling that every URL parser of Django's knows
        "name": url.path.lstrip("/"),
        "user": unquote(url.username or ""),
        "password": unquote(url.password or ""),
        "host": url.hostname or "",
        "port": str(url.port or 5432),
    }
    return parts[part]


def redis_part(environment: Environment, address: str, part: str) -> str:
    """One part of the applications' Valkey: a database number for each environment (shared where there are more than sixteen)."""
    url = urlsplit(address)
    number = str(environment.pk % REDIS_DATABASES)
    parts = {"host": url.hostname or "", "port": str(url.port or 6379), "db": number, "password": unquote(url.password or "")}
    if part in parts:
        return parts[part]
    account = f"{quote(unquote(url.username or ''))}:{quote(unquote(url.password))}@" if url.password else ""
    server = f"{url.scheme}://{account}{parts['host']}:{parts['port']}"
    return server if part == "server" else f"{server}/{number}"


def shared_folder(environment: Environment) -> Path:
    """What outlives the environment's releases, made when needed."""
    folder = Path(settings.DATA_DIR) / "shared" / str(environment.pk)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def address(environment: Environment) -> str:
    """The environment's stable address."""
    return f"http://127.0.0.1:{environment.port or ''}".rstrip(":")


def _platform(environment: Environment, project: Project, drivers: frozenset[str]) -> Platform:
    names = drivers | frozenset(project.requirements.names)
    here = bindings.platform(project, names, plain_http=environment.tier == Environment.Tier.LOCAL)
    return replace(here, redis=here.redis and bool(settings.APPLICATIONS_REDIS_URL))


def _entry(bound: Bound) -> dict[str, Any]:
    return {"binding": bound.binding, "secret": bound.secret} if bound.binding else {"value": bound.value, "secret": bound.secret}


def _bound(environment: Environment, name: str, binding: str, port: int) -> str:
    kind, _, part = binding.partition(".")
    makers: dict[str, Callable[[], str]] = {
        "secret_key": lambda: secret_key(environment),
        "secret": lambda: derived(environment, name),
        "database": lambda: _database(environment, part),
        "redis": lambda: _redis(environment, part),
        "shared": lambda: _shared(environment, part),
        "hosts": lambda: listed(["127.0.0.1", "localhost"], part),
        "origins": lambda: listed([address(environment), address(environment).replace("127.0.0.1", "localhost")], part),
        "host": lambda: "127.0.0.1",
        "origin": lambda: address(environment),
        "port": lambda: str(port),
    }
    return makers[kind]()


def _database(environment: Environment, part: str) -> str:
    if part == "sqlite_url":
        return f"sqlite:///{shared_folder(environment) / 'db.sqlite3'}"
    return database_part(database_url(environment), part)


def _where_it_is_now(address: str) -> str:
    """The environment's database at the server that Timonel uses today: an embedded one may have had to take another port."""
    url, server = urlsplit(address), urlsplit(settings.DATABASE_URL)
    account, _, _ = url.netloc.rpartition("@")
    place = server.netloc.rpartition("@")[2]
    return url._replace(netloc=f"{account}@{place}").geturl() if place else address


def _redis(environment: Environment, part: str) -> str:
    return redis_part(environment, settings.APPLICATIONS_REDIS_URL, part)


def _shared(environment: Environment, part: str) -> str:
    folder = shared_folder(environment)
    return str(folder / "db.sqlite3") if part == "sqlite" else str(folder)
