"""What was understood of a Django project from its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

Manager = Literal["uv", "poetry", "pipenv", "pip-tools", "pip", "setuptools", "none"]
When = Literal["build", "release"]


@dataclass(frozen=True, slots=True)
class Requirements:
    """How the project names its dependencies."""

    manager: Manager
    files: tuple[str, ...] = ()  # relative to the application's folder; what the lock digest covers
    dev_files: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()  # dependency groups or extras the application needs in production
    dev_groups: tuple[str, ...] = ()
    locked: bool = False
    unpinned_sources: tuple[str, ...] = ()  # lines that name a Git or other address instead of an index
    names: tuple[str, ...] = ()  # distributions it asks for or locks, normalised
    with_development: bool = False  # what development needs is installed as well
    guessed: tuple[str, ...] = ()  # requirements inferred because the project names none, or leaves out what its code needs


@dataclass(frozen=True, slots=True)
class Step:
    """A build or release step. `run` is an argument vector; `python` stands for the release's own interpreter."""

    name: str
    run: tuple[str, ...]
    when: When
    because: str = ""  # where it was read: "package.json: scripts.build"
    folder: str = ""  # relative to the application's folder


@dataclass(frozen=True, slots=True)
class Read:
    """One environment variable that the settings read."""

    name: str
    path: str
    line: int
    required: bool  # no default: the settings fail, or the value is None where it must not be
    default: str | None = None
    secret: bool = False
    setting: str = ""  # what it becomes: "DEBUG", "DATABASES.default.HOST"
    cast: str = ""  # what is made of it: "int", "env.bool"; "absent" for `"X" not in os.environ`, "extended" for `X + "/0"`
    options: tuple[str, ...] = ()  # the values it is compared with


@dataclass(frozen=True, slots=True)
class Project:
    """Everything the later steps need to know; as JSON it is Application.understood."""

    folder: str  # where manage.py is, relative to the repository
    manage: str = "manage.py"
    settings_module: str = ""  # what manage.py or wsgi.py names by default
    settings_because: str = ""
    settings_files: tuple[str, ...] = ()
    wsgi: str = ""  # "package.wsgi:application"
    asgi: str = ""
    python_request: str = ""  # ">=3.13", "3.10" ...
    python_preferred: str = ""  # of several that would do: the one its Dockerfile uses
    python_because: str = ""  # "pyproject.toml: requires-python"
    requirements: Requirements = field(default_factory=lambda: Requirements("none"))
    django_version: str = ""  # as pinned or constrained, where known
    reads: tuple[Read, ...] = ()
    apps: tuple[str, ...] = ()
    processes: dict[str, str] = field(default_factory=dict)  # as found: Procfile lines etc.
    celery: str = ""  # "package.celery:app" where the project has Celery, otherwise empty
    celery_beat: bool = False
    steps: tuple[Step, ...] = ()  # proposed build and release steps
    health_path: str = ""  # read from urls where one is recognised
    tests: str = ""  # "pytest", "manage.py test" or empty
    database: str = ""  # the engine its settings name: "sqlite", "postgresql", "mysql", "from a variable"
    data_folders: tuple[str, ...] = ()  # folders its start scripts make: they hold data that outlives a release
    committed_static: str = ""  # the folder of collected static files that is part of the repository
    samples: dict[str, str] = field(default_factory=dict)  # variables of its .env.example and the like, secrets left out
    env_file: tuple[str, ...] = ()  # variables that a committed .env file gives
    notes: tuple[str, ...] = ()  # what was guessed, missing or odd, in sentences


def project_of(told: Mapping[str, Any]) -> Project:
    """A project out of its JSON (Application.understood); what an earlier version did not write down is as by default."""
    values: dict[str, Any] = {"folder": ""} | _known(Project, told)
    values["reads"] = tuple(Read(**_known(Read, read)) for read in told.get("reads", ()))
    values["steps"] = tuple(Step(**_known(Step, step)) for step in told.get("steps", ()))
    values["requirements"] = Requirements(**{"manager": "none"} | _known(Requirements, told.get("requirements", {})))
    return Project(**values)


def _known(shape: type, told: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that the shape has; lists are tuples there."""
    names = {field.name for field in fields(shape)}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in told.items() if name in names}


@dataclass(frozen=True, slots=True)
class RunPlan:
    """How a release runs; stored with it (Release.run_plan), part of every preview."""

    settings_module: str
    manage: str = "manage.py"
    folder: str = ""
    # argument vectors; "{port}" is replaced by the port; the program is looked for in the release's environment
    processes: dict[str, list[str]] = field(default_factory=dict)
    release_steps: list[Step] = field(default_factory=list)
    health_path: str = ""  # empty: none known
    pages: list[str] = field(default_factory=lambda: ["/"])
    shared: list[str] = field(default_factory=list)  # files and folders of the source that outlive a release (SQLite, media)
    static_root: str = ""
    static_url: str = ""
    python: str = ""
