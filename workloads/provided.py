"""A release's configuration as pods are told it: plain values, secret ones, and references to Secrets of others."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings

from controlplane.core.errors import Invalid
from workloads import configuration
from workloads.manifests import names
from workloads.manifests.options import Options, Server
from workloads.manifests.profile import Broker, Peer, Reference
from workloads.models import Environment, Target

SHARED = "shared-files/"
ROOT = "/app/source"  # where the source is in an image of ours
BROKER_PASSWORD = "KEDA_BROKER_PASSWORD"
BROKERS = ("CELERY_BROKER_URL", "BROKER_URL", "REDIS_URL")  # the order in which one is taken for Celery's broker
KEYS = {
    # the keys under which operators of PostgreSQL and Redis keep what a client needs
    "database": {"url": "uri", "name": "dbname", "user": "username", "password": "password", "host": "host", "port": "port"},
    "redis": {"url": "url", "server": "url", "host": "host", "port": "port", "db": "db", "password": "password"},
}
PORTS = {
    "postgres": 5432, "postgresql": 5432, "postgis": 5432, "mysql": 3306, "redis": 6379, "rediss": 6379, "valkey": 6379,
    "amqp": 5672, "amqps": 5671, "memcached": 11211, "mongodb": 27017, "smtp": 25, "smtps": 465, "submission": 587,
    "elasticsearch": 9200, "http": 80, "https": 443,
}  # fmt: skip
SCHEME = re.compile(r"^(?P<scheme>[a-z][a-z0-9]{1,20})(?:\+[a-z0-9]+)?://")


@dataclass(frozen=True, slots=True)
class Given:
    """What pods are told, and what that makes necessary."""

    values: dict[str, str]
    secrets: dict[str, str]
    references: tuple[Reference, ...]
    peers: tuple[Peer, ...]
    broker: Broker | None
    host: str
    https: bool
    shared: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the pods will be."""

    environment: Environment
    target: Target
    options: Options
    home: str  # the folder of manage.py in the image

    @property
    def https(self) -> bool:
        """Whether people reach it over HTTPS."""
        route = self.options.route
        return bool(route.tls_secret or route.issuer) or self.environment.tier != Environment.Tier.LOCAL

    @property
    def hosts(self) -> list[str]:
        """Every name it answers to: what people ask for, what the cluster's DNS calls it, what is said inside the pod."""
        service, space = names.joined(self.environment.application.name), self.target.namespace
        inside = [
            f"{name}{rest}"
            for name in (service, f"{service}-preview")
            for rest in ("", f".{space}", f".{space}.svc", f".{space}.svc.cluster.local")
        ]
        asked = [host.removeprefix("*") for host in self.options.hosts]  # Django writes *.example.com as .example.com
        return [*asked, *inside, "localhost", "127.0.0.1"]

    @property
    def public(self) -> list[str]:
        """The names people ask for; where there is none, the Service's."""
        asked = [host for host in self.options.hosts if not host.startswith("*")]
        return asked or [f"{names.joined(self.environment.application.name)}.{self.target.namespace}.svc"]

    @property
    def origins(self) -> list[str]:
        """The addresses people's browsers name as theirs."""
        return [f"{'https' if self.https and self.options.hosts else 'http'}://{host}" for host in self.public]


def bind(
    environment: Environment, target: Target, options: Options, entries: Mapping[str, Mapping[str, Any]], plan: Mapping[str, Any]
) -> Given:
    """The configuration resolved for a cluster. Raises Invalid for a server that no pod could reach."""
    place = Place(environment, target, options, home_of(options, plan))
    values: dict[str, str] = {}
    secrets: dict[str, str] = {}
    references: list[Reference] = []
    for name, entry in sorted(entries.items()):
        if (reference := _reference(options, name, entry)) is not None:
            references.append(reference)
        elif entry.get("secret"):
            secrets[name] = _value(place, name, entry)
        else:
            values[name] = _value(place, name, entry)
    module = str(plan.get("settings_module") or "")
    if module and "DJANGO_SETTINGS_MODULE" not in secrets:
        values.setdefault("DJANGO_SETTINGS_MODULE", module)
    shared = (SHARED,) if any(_is_shared(entry) for entry in entries.values()) else ()
    if shared and options.storage.kind == "temporary" and any(_is_sqlite(entry) for entry in entries.values()):
        raise Invalid(
            "A SQLite file would end with each pod, and its migration with the migration's.",
            cure='Use a database server, or give "storage": {"kind": "claim"} in the target\'s options and run one replica.',
        )
    told = {**values, **secrets}
    hidden = _behind(options, entries, references)
    broker, password = _broker(told)
    if broker and password and _scales_by_queue(options):
        secrets[BROKER_PASSWORD] = password
        broker = replace(broker, password_variable=BROKER_PASSWORD)
    return Given(
        values,
        secrets,
        tuple(references),
        (*_peers(told, entries), *hidden),
        broker,
        _host(place, values),
        place.https,
        shared,
        _notes(told),
    )


def home_of(options: Options, plan: Mapping[str, Any]) -> str:
    """The folder of manage.py in the image: as chosen, or as in images of ours."""
    folder = str(plan.get("folder") or "").strip("/")
    return options.home.rstrip("/") or f"{ROOT}/{folder}".rstrip("/")


def _reference(options: Options, name: str, entry: Mapping[str, Any]) -> Reference | None:
    kind, _, part = str(entry.get("binding", "")).partition(".")
    server = _server(options, kind)
    if server is None or not server.secret or part.startswith("sqlite"):
        return None
    key = server.keys.get(part) or KEYS[kind].get(part, part)
    return Reference(name, server.secret, key)


def _server(options: Options, kind: str) -> Server | None:
    return {"database": options.database, "redis": options.broker}.get(kind)


def _value(place: Place, name: str, entry: Mapping[str, Any]) -> str:
    if "value" in entry:
        return str(entry["value"])
    kind, _, part = str(entry["binding"]).partition(".")
    makers: dict[str, Callable[[], str]] = {
        "secret_key": lambda: configuration.secret_key(place.environment),
        "secret": lambda: configuration.derived(place.environment, name),
        "database": lambda: _database(place, part),
        "redis": lambda: _redis(place, part),
        "shared": lambda: _shared(place, part),
        "hosts": lambda: configuration.listed(place.hosts, part),
        "origins": lambda: configuration.listed(place.origins, part),
        "host": lambda: place.public[0],
        "origin": lambda: place.origins[0],
        "port": lambda: str(place.options.port),
    }
    return makers[kind]()


def _database(place: Place, part: str) -> str:
    if part == "sqlite_url":
        return f"sqlite:///{_shared(place, 'sqlite')}"
    found = _moved(configuration.database_url(place.environment), place.options.database.address)
    _reachable(found, "database", "DATABASE_URL")
    return configuration.database_part(found, part)


def _redis(place: Place, part: str) -> str:
    found = _moved(str(settings.APPLICATIONS_REDIS_URL), place.options.broker.address)
    _reachable(found, "broker", "the variable that names it")
    return configuration.redis_part(place.environment, found, part)


def _moved(address: str, place: str) -> str:
    """The address of a server at another host and port, where one is given."""
    url = urlsplit(address)
    if not place:
        return address
    account, at, _ = url.netloc.rpartition("@")
    return url._replace(netloc=f"{account}{at}{place}").geturl()


def _reachable(address: str, what: str, variable: str) -> None:
    """A pod's 127.0.0.1 is the pod."""
    host = urlsplit(address).hostname
    if host and host != "localhost" and not _loopback(host):
        return
    raise Invalid(
        f"Pods cannot reach the {what} at {host or '(nowhere)'}.",
        cure=f'Set {variable} for the environment, or give "{what}": {{"address": "host:port"}} or {{"secret": "name"}} '
        "in the target's options.",
    )


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _shared(place: Place, part: str) -> str:
    folder = f"{place.home}/{SHARED}".rstrip("/")
    return f"{folder}/db.sqlite3" if part == "sqlite" else folder


def _is_shared(entry: Mapping[str, Any]) -> bool:
    return str(entry.get("binding", "")).startswith("shared") or _is_sqlite(entry)


def _is_sqlite(entry: Mapping[str, Any]) -> bool:
    return entry.get("binding") in {"database.sqlite_url", "shared.sqlite"}


def _host(place: Place, values: Mapping[str, str]) -> str:
    """A name that ALLOWED_HOSTS has, as far as the variables tell."""
    for name, value in values.items():
        if "ALLOWED_HOST" in name.upper():
            listed = _words(value)
            if "*" in listed or any(host in listed for host in place.public):
                return place.public[0]
            named = [word.lstrip(".") for word in listed if re.fullmatch(r"\.?[A-Za-z0-9.-]+", word)]
            return named[0] if named else place.public[0]
    return place.public[0]


def _words(value: str) -> list[str]:
    try:
        found = json.loads(value)
        return [str(word) for word in found] if isinstance(found, list) else [str(found)]
    except ValueError:
        return [word for word in re.split(r"[\s,;]+", value) if word]


def _broker(told: Mapping[str, str]) -> tuple[Broker | None, str]:
    """The Redis or Valkey of Celery's queues, as far as the variables tell, and its password."""
    named = [name for name in BROKERS if name in told] + sorted(name for name in told if "BROKER" in name.upper())
    for name in named:
        url = urlsplit(told[name])
        if url.scheme in {"redis", "rediss", "valkey"} and url.hostname:
            number = url.path.strip("/")
            found = Broker(url.hostname, url.port or 6379, int(number) if number.isdigit() else 0, url.scheme == "rediss")
            return found, unquote(url.password or "")
    return None, ""


def _scales_by_queue(options: Options) -> bool:
    return any(chosen.autoscale for chosen in options.processes.values())


def _notes(told: Mapping[str, str]) -> tuple[str, ...]:
    """A server on 127.0.0.1 is in the pod, which is right only where a patch puts it there."""
    found = []
    for name, value in sorted(told.items()):
        scheme = SCHEME.match(value)
        kind = scheme["scheme"] if scheme else ""
        if (
            kind in PORTS
            and kind not in {"http", "https"}
            and any(_loopback(host) or host == "localhost" for host, _ in _netloc(value))
        ):
            found.append(f"{name} names a server on this machine: for a pod that is the pod itself.")
    return tuple(found)


def _peers(told: Mapping[str, str], entries: Mapping[str, Mapping[str, Any]]) -> tuple[Peer, ...]:
    """Everybody that the variables name by an address or by host and port."""
    found: dict[tuple[str, int], Peer] = {}
    for name, value in sorted(told.items()):
        for host, port in _addresses(name, value, told):
            if not _loopback(host) and host != "localhost":
                found.setdefault((host, port), Peer(host, port, _what(name, entries)))
    return tuple(found.values())


def _behind(options: Options, entries: Mapping[str, Mapping[str, Any]], references: Sequence[Reference]) -> Iterator[Peer]:
    """Servers that only a Secret of somebody else names: their port, and their host where the options tell it."""
    kinds = {str(entries[one.variable]["binding"]).partition(".")[0] for one in references}
    for kind, what, port in (("database", "database", 5432), ("redis", "broker", 6379)):
        server = _server(options, kind)
        if kind in kinds and server is not None:
            host, _, named = server.address.rpartition(":")
            yield Peer(host.strip("[]"), int(named or port), what)


def _addresses(name: str, value: str, told: Mapping[str, str]) -> list[tuple[str, int]]:
    scheme = SCHEME.match(value)
    if scheme and scheme["scheme"] in PORTS and scheme["scheme"] not in {"http", "https"}:
        return [(host, port or PORTS[scheme["scheme"]]) for host, port in _netloc(value)]
    if scheme and scheme["scheme"] in {"http", "https"}:
        return [(host, port) for host, port in _netloc(value) if port]
    beside = told.get(re.sub("HOST$", "PORT", name), "") if name.endswith("HOST") else ""
    return [(value, int(beside))] if beside.isdigit() and re.fullmatch(r"[A-Za-z0-9.-]+", value) else []


def _netloc(value: str) -> list[tuple[str, int]]:
    try:
        url = urlsplit(value)
        return [(url.hostname, url.port or 0)] if url.hostname else []
    except ValueError:
        return []


def _what(name: str, entries: Mapping[str, Mapping[str, Any]]) -> str:
    kind = str(entries.get(name, {}).get("binding", "")).partition(".")[0]
    return {"database": "database", "redis": "broker"}.get(kind, name)
