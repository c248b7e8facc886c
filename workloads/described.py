"""What an application says of itself when asked from inside, in its own environment, by its own interpreter."""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from controlplane.core.errors import TimonelError
from controlplane.core.redaction import redact
from workloads.adapters.children import Completed, Limits, clean_environment, run
from workloads.evidence import Fact
from workloads.schema import Operation
from workloads.troubles import Trouble, understand

ASK = Path(__file__).parent / "inside" / "ask.py"
SECONDS = 120.0
_TEXTS = (
    "settings_module",
    "secret_key",
    "static_url",
    "static_root",
    "media_url",
    "media_root",
    "wsgi_application",
    "asgi_application",
    "root_urlconf",
)
_LISTS = ("allowed_hosts", "csrf_trusted_origins", "installed_apps", "middleware", "log_files")


class Unanswered(TimonelError):
    """The application could not answer; `trouble` says why and where."""

    code = "application_unanswered"
    status = 422

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.message, cure=trouble.cure)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Inside:
    """An application that can be asked: its interpreter, the folder of its manage.py, its variables."""

    python: Path
    folder: Path
    variables: Mapping[str, str]
    secrets: frozenset[str] = frozenset()  # values that must not be seen in any answer
    manage: str = "manage.py"
    seconds: float = SECONDS
    cancelled: Callable[[], bool] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What its processes see: its variables, its own programs first on the search path, nothing of ours."""
        clean = clean_environment()
        programs = {"VIRTUAL_ENV": str(self.python.parent.parent), "PATH": f"{self.python.parent}:{clean['PATH']}"}
        return clean | programs | dict(self.variables) | {"PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True, slots=True)
class Database:
    """One of DATABASES, without its password. `engine` is the last word of the backend: postgresql, sqlite3, mysql, ..."""

    engine: str
    name: str
    host: str = ""
    port: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """One page that can be asked for without arguments. `get` is None where only asking can tell."""

    path: str
    name: str
    view: str
    get: bool | None = None


@dataclass(frozen=True, slots=True)
class DescribedSettings:
    """The settings as they came out, and the pages. `raw` holds every setting that was asked for, by its small name."""

    python: str
    django: str
    settings_module: str
    debug: bool
    secret_key: str  # missing, insecure or set
    allowed_hosts: tuple[str, ...]
    csrf_trusted_origins: tuple[str, ...]
    installed_apps: tuple[str, ...]
    middleware: tuple[str, ...]
    databases: dict[str, Database]
    caches: dict[str, str]  # alias -> backend
    storages: dict[str, str]  # alias -> backend
    static_url: str
    static_root: str
    media_url: str
    media_root: str
    wsgi_application: str
    asgi_application: str
    root_urlconf: str
    celery_broker: str
    secure_ssl_redirect: bool
    log_files: tuple[str, ...]
    # Folders below the application's own, relative to it, that must be there before it starts (SQLite, log files).
    folders: tuple[str, ...] = ()
    raw: dict[str, Any] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    landing_page: str = ""
    login_page: str = ""
    admin_page: str = ""
    health_pages: tuple[str, ...] = ()
    # Why apps or URLs could not be loaded although the settings could.
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class PendingMigrations:
    """What `migrate` would do to the environment's database."""

    vendor: str
    database_empty: bool
    operations: tuple[Operation, ...]
    pending: tuple[str, ...] = ()  # "app.0001_initial"
    conflicts: dict[str, list[str]] = field(default_factory=dict)
    unknown_applied: tuple[str, ...] = ()  # in the database, not in this source: it is older than the database
    unmade: dict[str, list[str]] = field(default_factory=dict)  # changes of models that no migration holds


def describe(inside: Inside) -> DescribedSettings:
    """Settings and pages; raises Unanswered when not even the settings load."""
    reply = ask(inside, {"describe_settings": {}, "list_routes": {}})
    settings = _answer(reply, "describe_settings", inside)
    root = inside.folder.resolve()
    folders = tuple(str(Path(name).relative_to(root)) for name in settings["folders"] if Path(name).is_relative_to(root))
    described = replace(_settings(reply, settings), folders=folders)
    pages = reply["answers"]["list_routes"]
    if "error" in pages:
        return replace(described, trouble=_trouble(pages["error"], inside))
    return replace(
        described,
        routes=tuple(Route(**route) for route in pages["answer"]["routes"]),
        landing_page=pages["answer"]["landing"] or "",
        login_page=pages["answer"]["login"] or "",
        admin_page=pages["answer"]["admin"] or "",
        health_pages=tuple(pages["answer"]["health"]),
    )


def pending_migrations(
    inside: Inside, sqlite_files: Mapping[str, str] | None = None, *, no_database: bool = False
) -> PendingMigrations:
    """What is not applied yet; raises Unanswered when the application or its database could not be asked.

    `sqlite_files` says where files and folders of the source live that outlive a release: {path here: path there}.
    With `no_database` nothing is connected to: the database does not exist before the roll-out makes it.
    """
    reply = ask(inside, {"plan_migrations": {"sqlite_files": dict(sqlite_files or {}), "no_database": no_database}})
    plan = _answer(reply, "plan_migrations", inside)
    return PendingMigrations(
        vendor=plan["vendor"],
        database_empty=plan["database_empty"],
        operations=tuple(Operation.from_json(operation) for operation in plan["operations"]),
        pending=tuple(".".join(key) for key in plan["pending"]),
        conflicts=plan["conflicts"],
        unknown_applied=tuple(".".join(key) for key in plan["unknown_applied"]),
        unmade=plan["unmade"],
    )


def tables_read(inside: Inside) -> dict[str, frozenset[str]]:
    """The tables and columns that this release's models read; raises Unanswered."""
    answer = _answer(ask(inside, {"describe_models": {}}), "describe_models", inside)
    return {table: frozenset(columns) for table, columns in answer["tables"].items()}


def checks(inside: Inside, *, deploy: bool = False) -> list[Fact]:
    """What `manage.py check` says (or only what `check --deploy` says of security); raises Unanswered.

    In a fixed order, for Django runs its checks in the order of a set.
    """
    answer = _answer(ask(inside, {"run_checks": {"deploy": deploy}}), "run_checks", inside)
    tool = "check --deploy" if deploy else "check"
    found = (_check(tool, message, inside) for message in answer["messages"])
    return sorted(found, key=lambda fact: (fact.rule, fact.path, fact.message))


def ask(inside: Inside, questions: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Run the questions in a limited child; {"python", "django", "answers"}. Raises Unanswered when it died without a word."""
    with tempfile.TemporaryDirectory(prefix="timonel-ask-") as folder:
        reply = Path(folder) / f"{uuid.uuid4().hex}.json"
        asked = json.dumps({"reply": str(reply), "manage": inside.manage, "questions": questions})
        done = run(
            [str(inside.python), str(ASK), asked],
            cwd=inside.folder,
            environment=inside.environment,
            limits=Limits(seconds=inside.seconds),
            cancelled=inside.cancelled,
        )
        if not reply.exists():
            raise Unanswered(_died(done, inside))
        answered: dict[str, Any] = json.loads(reply.read_text())
        return answered


def _answer(reply: dict[str, Any], question: str, inside: Inside) -> dict[str, Any]:
    given: dict[str, Any] = reply["answers"][question]
    if "error" in given:
        raise Unanswered(_trouble(given["error"], inside))
    answer: dict[str, Any] = given["answer"]
    return answer


def _check(tool: str, message: Mapping[str, Any], inside: Inside) -> Fact:
    level = int(message["level"])
    severity = "critical" if level >= 50 else "high" if level >= 40 else "low" if level >= 30 else "info"
    text = redact(message["message"], inside.secrets)
    return Fact(tool, message["id"] or "check", severity, text, path=message["place"], cure=message["hint"])


def _trouble(error: Mapping[str, Any], inside: Inside) -> Trouble:
    found = understand(error)
    return replace(found, message=redact(found.message, inside.secrets), trace=redact(found.trace, inside.secrets))


def _died(done: Completed, inside: Inside) -> Trouble:
    tail = redact("\n".join(done.output.splitlines()[-20:]), inside.secrets)
    if done.ended == "timed_out":
        cure = "Something in the settings or apps waits (a network address at import?): give it a timeout or move it out of import."
        return Trouble("timed_out", f"The application was still loading after {done.seconds:.0f} s.", cure, trace=tail)
    cure = "Read its last lines; run `python manage.py check` in the same environment."
    return Trouble("died", f"The application ended while loading: {done.why()}.", cure, trace=tail)


def _settings(reply: dict[str, Any], raw: dict[str, Any]) -> DescribedSettings:
    values: dict[str, Any] = {name: str(raw[name] or "") for name in _TEXTS}
    values |= {name: tuple(map(str, raw[name] or ())) for name in _LISTS}
    return DescribedSettings(
        **values,
        python=reply["python"],
        django=reply["django"],
        debug=bool(raw["debug"]),
        secure_ssl_redirect=bool(raw["secure_ssl_redirect"]),
        databases={alias: _database(values) for alias, values in raw["databases"].items()},
        caches={alias: values["backend"] for alias, values in raw["caches"].items()},
        storages=raw["storages"],
        celery_broker=str(raw["celery"]["broker"] or ""),
        raw=raw,
    )


def _database(values: Mapping[str, Any]) -> Database:
    text = {name: str(values.get(name) or "") for name in ("name", "host", "port", "user")}
    engine = str(values.get("engine") or "").rsplit(".", 1)[-1]
    known = {"postgis": "postgresql", "spatialite": "sqlite3", "postgresql_psycopg2": "postgresql"}
    return Database(engine=known.get(engine, engine), **text)
