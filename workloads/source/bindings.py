"""Pure: what the platform can give a variable, by what it becomes, by its name, by how it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from workloads.source.project import Project, Read

POSTGRES_DRIVERS = frozenset({"psycopg", "psycopg2", "psycopg2-binary", "psycopg-binary", "psycopg2cffi", "pg8000"})
REDIS_CLIENTS = frozenset(
    {"redis", "django-redis", "channels-redis", "valkey", "django-valkey", "rq", "django-rq", "django-redis-cache"}
)
POSTGRES_WORDS = re.compile(r"postg|^pg$|^psql$", re.I)
PARTS = {
    "name": r"(DB|DATABASE|SQL|POSTGRES(QL)?)_?(DB|NAME|DATABASE|DB_?NAME)|PGDATABASE|RDS_DB_NAME",
    "user": r"(DB|DATABASE|SQL|POSTGRES(QL)?)_?(USER(NAME)?|LOGIN)|PGUSER|RDS_USERNAME",
    "password": r"(DB|DATABASE|SQL|POSTGRES(QL)?)_?(PASS(WORD|WD)?|PWD|SECRET)|PGPASSWORD|RDS_PASSWORD",
    "host": r"(DB|DATABASE|SQL|POSTGRES(QL)?)_?(HOST(NAME)?|SERVER|SERVICE|ADDR(ESS)?)|PGHOST|RDS_HOSTNAME",
    "port": r"(DB|DATABASE|SQL|POSTGRES(QL)?)_?PORT|PGPORT|RDS_PORT",
}
URL = re.compile(r"(\w+_)?(DATABASE|DB|POSTGRES(QL)?|PG|SQL)_?(URL|URI|DSN)|HEROKU_POSTGRESQL_\w+_URL")
ENGINE = re.compile(r"(\w+_)?(DB|DATABASE|SQL)_?(ENGINE|BACKEND|TYPE|VENDOR|DRIVER)")
ORIGIN = re.compile(
    r"(\w+_)?(SITE|APP|ROOT|PUBLIC|SERVER|HOST|FRONTEND|BACKEND|ABSOLUTE|WEB|WEBSITE|INSTANCE|CANONICAL|DOMAIN)_(ROOT|URL|ROOT_URL|ORIGIN)"
    r"|(WAGTAILADMIN_|DJANGO_)?BASE_URL|ROOT_URL"
)
LOCAL_ADDRESS = re.compile(r"localhost|127\.0\.0\.1|0\.0\.0\.0|example\.(com|org)")
REDIS_URL = re.compile(
    r"(\w+_)?(REDIS|VALKEY)(_?CLOUD|TOGO|GREEN)?_?(URL|URI|LOCATION|ADDRESS|DSN)|(CELERY_|DJANGO_|HUEY_)?(BROKER_URL|BROKER|RESULT_BACKEND)"
)
OWN_SECRET = re.compile(
    r"((DJANGO|APP|APPLICATION|SITE|WEB|DJ|MY|PROJECT|LOCAL|PROD(UCTION)?|SERVER|BASE)_)?SECRET(_KEY)?|\w+_DJANGO_SECRET(_KEY)?"
    r"|SECRET_KEY_\w+|(\w+_)?JWT_\w*(SECRET|KEY)|(\w+_)?(SIGNING|SIGNATURE)_KEY|(\w+_)?SALT|(\w+_)?HASHIDS?_\w+"
)
FOLDER = re.compile(r"(\w+_)?(DATA|MEDIA|UPLOAD|UPLOADS|STORAGE|VAR|STATE|LOG|LOGS)_?(DIR|DIRECTORY|PATH|ROOT|FOLDER)")
HOSTS = re.compile(r"(\w+_)?(ALLOWED_)?(HOSTS?|HOST_?NAMES?|DOMAINS?|DOMAIN_NAMES?|FQDN)|VIRTUAL_HOST")
FOREIGN = re.compile(r"EMAIL|MAIL|SMTP|REDIS|RABBIT|MEMCACHE|ELASTIC|SENTRY|LDAP|MYSQL|S3|AWS|KAFKA|PROXY|CDN|STATSD|COOKIE")
INSECURE_LOCALLY = frozenset(
    [
        "SECURE_SSL_REDIRECT",
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "SECURE_HSTS_SECONDS",
        "SECURE_HSTS_PRELOAD",
        "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    ]
)


@dataclass(frozen=True, slots=True)
class Bound:
    """What a variable is given: a plain value, or a binding that is resolved when a process starts."""

    because: str
    binding: str = ""
    value: str = ""
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Platform:
    """What can be given in this place."""

    postgres: bool
    redis: bool
    sqlite: bool
    plain_http: bool = True


def platform(project: Project, drivers: frozenset[str] | None = None, *, plain_http: bool = True) -> Platform:
    """What the platform can give this project: PostgreSQL only where it has a driver for it."""
    names = frozenset(project.requirements.names) if drivers is None else drivers
    return Platform(bool(names & POSTGRES_DRIVERS), bool(names & REDIS_CLIENTS) or bool(project.celery), True, plain_http)


def lacks_a_broker_client(celery: str, names: Collection[str]) -> bool:
    """Whether Celery would be given a Valkey that none of the named requirements speaks to."""
    return bool(celery and names) and REDIS_CLIENTS.isdisjoint(names)


def bind(read: Read, here: Platform) -> Bound | None:
    """What to give the variable; None leaves it to its default, or to a person."""
    rules: tuple[Callable[[Read, Platform], Bound | None], ...] = (
        _secret_key, _debug, _hosts, _origins, _database, _cache_and_queue, _address, _local_http, _needed,
    )  # fmt: skip
    return next((found for rule in rules if (found := rule(read, here)) is not None), None)


def _secret_key(read: Read, here: Platform) -> Bound | None:
    if read.setting == "SECRET_KEY" and not read.name.endswith(("_FILE", "_PATH")) and read.cast not in {"present", "absent"}:
        return Bound("SECRET_KEY, made once for the environment and kept", "secret_key", secret=True)
    if OWN_SECRET.fullmatch(read.name.upper()) and (read.required or read.name.upper() in {"SECRET_KEY", "DJANGO_SECRET_KEY"}):
        return Bound("a secret of the application's own, made once and kept", "secret", secret=True)
    return None


def _debug(read: Read, here: Platform) -> Bound | None:
    if read.setting != "DEBUG" and not re.fullmatch(r"(DJANGO_|APP_|\w+_)?DEBUG(_MODE)?", read.name):
        return None
    if read.setting not in {"DEBUG", ""} and not read.required:
        return None
    if "DEBUG" not in read.name.upper() and read.cast not in {"differs", "absent"} and read.default not in read.options:
        return None  # DEBUG = ENVIRONMENT == "development": off already
    if read.cast == "absent":
        return Bound("its presence turns DEBUG off", value="1")
    if read.cast == "present":
        return None
    word = {"int": "0", "bool": "", "float": "0", "env.int": "0", "json.loads": "false"}.get(read.cast, "False")
    if read.cast == "differs":  # os.environ.get("DEBUG") != "0"
        word = read.options[0] if read.options else "False"
    elif read.options and word not in read.options:
        off = [option for option in read.options if option.lower() in {"false", "0", "no", "off", "n", "f"}]
        word = off[0] if off else word
    return Bound("DEBUG is off outside of development", value=word)


def _hosts(read: Read, here: Platform) -> Bound | None:
    allowed = read.setting == "ALLOWED_HOSTS" or "ALLOWED_HOST" in read.name
    if allowed and read.cast not in {"present", "absent"}:
        return Bound("the names of the environment's address", _listed("hosts", read))
    if read.required and HOSTS.fullmatch(read.name) and not FOREIGN.search(read.name) and not _part(read):
        return Bound("the host of the environment's address", "host")
    return None


def _origins(read: Read, here: Platform) -> Bound | None:
    if (
        read.setting.endswith(("CSRF_TRUSTED_ORIGINS", "CORS_ALLOWED_ORIGINS", "CORS_ORIGIN_WHITELIST"))
        or "TRUSTED_ORIGIN" in read.name
    ):
        return Bound("the environment's address", _listed("origins", read))
    if "CORS" in read.name and read.required:
        return Bound("the environment's address", _listed("origins", read))
    return None


def _database(read: Read, here: Platform) -> Bound | None:
    whole = read.setting == "DATABASES.default" and not _part(read)
    if read.cast in {"present", "absent"} and not (whole and URL.fullmatch(read.name)):
        return None
    if (whole and not read.options) or (URL.fullmatch(read.name) and "REDIS" not in read.name):
        if here.postgres:
            return Bound("the environment's own PostgreSQL database", "database.url", secret=True)
        return Bound("a SQLite file that outlives releases", "database.sqlite_url") if read.required else None
    if read.setting.startswith("SQLITE") or not here.postgres:
        named = read.required and _part(read) == "name" and not read.setting.startswith("DATABASES")
        return Bound("a SQLite file that outlives releases", "shared.sqlite") if named else None
    if selected := next((option for option in read.options if POSTGRES_WORDS.search(option)), ""):
        return Bound("the application has a PostgreSQL driver", value=selected)
    if read.setting.endswith(".ENGINE") or (ENGINE.fullmatch(read.name) and read.setting.startswith(("DATABASES", ""))):
        return _engine(read)
    part = _part(read)
    return (
        Bound(f"{part} of the environment's own PostgreSQL database", f"database.{part}", secret=part == "password")
        if part
        else None
    )


def _engine(read: Read) -> Bound:
    short = read.default is not None and "." not in read.default
    return Bound("the application has a PostgreSQL driver", value="postgresql" if short else "django.db.backends.postgresql")


def _part(read: Read) -> str:
    """Which part of a database address a variable is: by the setting it becomes, else by its name."""
    for part, pattern in PARTS.items():
        if read.setting == "SQLITE.NAME" and part == "name":
            return part
        if read.setting.startswith("DATABASES") and read.setting.count(".") == 2 and read.setting.endswith(f".{part.upper()}"):
            return part
        if re.fullmatch(rf"(\w+_)?({pattern})", read.name.upper()) and not re.search(
            r"MYSQL|REDIS|MONGO|LDAP|MARIA", read.name.upper()
        ):
            return part
    return ""


def _cache_and_queue(read: Read, here: Platform) -> Bound | None:
    name = read.name.upper()
    if read.cast == "env.cache" or read.setting in {"CACHES.default"} or name == "CACHE_URL":
        if here.redis:
            return Bound("the platform's Valkey", "redis.url", secret=True)
        return Bound("a cache in memory", value="locmemcache://") if read.required else None
    if not here.redis or read.cast in {"present", "absent"}:
        return None
    if REDIS_URL.fullmatch(name) or (read.setting in {"CACHES.default.LOCATION", "CELERY_BROKER_URL", "BROKER_URL"}):
        if read.cast == "extended":
            return Bound(
                "the platform's Valkey; the settings name its databases, which other environments may use too",
                "redis.server",
                secret=True,
            )
        return Bound("the platform's Valkey", "redis.url", secret=True)
    for part in ("host", "port", "db", "password"):
        if re.fullmatch(rf"(\w+_)?(REDIS|VALKEY)(_\w+)?_{part}(NAME)?", name, re.I):
            return Bound(f"{part} of the platform's Valkey", f"redis.{part}", secret=part == "password")
    return None


def _address(read: Read, here: Platform) -> Bound | None:
    if read.name == "PORT":
        return Bound("the port of the web process", "port")
    if ORIGIN.fullmatch(read.name) and (read.required or (read.default and LOCAL_ADDRESS.search(read.default))):
        return Bound("the environment's address", "origin")
    return None


def _local_http(read: Read, here: Platform) -> Bound | None:
    if read.setting in INSECURE_LOCALLY and here.plain_http:
        return Bound(
            "the local address is plain http", value="0" if read.setting.endswith("SECONDS") or read.cast == "int" else "False"
        )
    return None


NEEDED: tuple[tuple[str, str, Bound], ...] = (
    # the setting it becomes, its name, what it is given
    (r"-", r"\w*SENTRY\w*_DSN", Bound("no errors are sent anywhere")),
    (r"EMAIL", r"EMAIL_URL", Bound("mail is written to the log", value="consolemail://")),
    (
        r"EMAIL_BACKEND",
        r"\w*EMAIL_BACKEND",
        Bound("mail is written to the log", value="django.core.mail.backends.console.EmailBackend"),
    ),
    (r"STATIC_ROOT", r"\w*STATIC_ROOT", Bound("inside the release", value="staticfiles")),
    (r"MEDIA_ROOT", FOLDER.pattern, Bound("a folder that outlives releases", "shared.folder")),
    (r"ADMIN_URL", r"\w*ADMIN_URL", Bound("where Django's admin usually is", value="admin/")),
    (r"TIME_ZONE", r"TZ|(DJANGO_)?TIME_?ZONE", Bound("the platform's time zone", value="UTC")),
)


def _needed(read: Read, here: Platform) -> Bound | None:
    """What can be given to a variable without which the settings do not load, though nothing depends on its value."""
    if not read.required:
        return None
    for setting, name, bound in NEEDED:
        if re.fullmatch(setting, read.setting) or re.fullmatch(name, read.name.upper()):
            return bound
    production = next((option for option in read.options if option.lower() in {"production", "prod"}), "")
    return Bound("one of the values the settings know", value=production) if production else None


def _listed(binding: str, read: Read) -> str:
    """The binding in the shape in which the settings take a list."""
    if read.cast == "item" or read.setting.endswith("_HOST"):
        return binding.removesuffix("s")
    if (read.cast.startswith("split:") and read.cast[6:].strip(" ") == "") or "split(' ')" in read.cast or "split()" in read.cast:
        return f"{binding}.spaced"
    if read.cast.startswith("split:") and read.cast[6:7] not in {",", ""}:
        return f"{binding}.separated{read.cast[6:7]}"
    return (
        f"{binding}.json"
        if read.cast in {"json.loads", "env.json", "literal_eval", "ast.literal_eval", "eval", "env.eval"}
        else binding
    )
