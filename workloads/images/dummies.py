"""Pure: values for the variables without which the settings do not load, good for nothing but building an image.

They come from the project alone, never from an environment: so one image serves all environments, and no secret can get into it.
"""

from __future__ import annotations

import json
import re

from workloads.source import bindings
from workloads.source.bindings import Bound
from workloads.source.project import Project, Read

ONLY = "only-for-the-build"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,100}\Z")
BOUND = {
    "secret_key": ONLY,
    "secret": ONLY,
    "database.url": "postgres://build:build@127.0.0.1:9/build",
    "database.sqlite_url": "sqlite:////tmp/build.sqlite3",
    "database.name": "build",
    "database.user": "build",
    "database.password": ONLY,
    "database.host": "127.0.0.1",
    "database.port": "5432",
    "redis.url": "redis://127.0.0.1:9/0",
    "redis.server": "redis://127.0.0.1:9",
    "redis.host": "127.0.0.1",
    "redis.port": "6379",
    "redis.db": "0",
    "redis.password": ONLY,
    "shared.sqlite": "/tmp/build.sqlite3",  # noqa: S108 (inside the image's build)
    "shared.folder": "/tmp",  # noqa: S108
    "host": "localhost",
    "origin": "http://localhost",
    "port": "8000",
}
NUMBERS = re.compile(r"int|float|decimal|seconds|port", re.I)
FLAGS = re.compile(r"bool|strtobool", re.I)
ADDRESSES = re.compile(r"(URL|URI|ENDPOINT)$")


def of(project: Project) -> dict[str, str]:
    """Name -> value, in the order of the names; what has a harmless default of its own is left to it."""
    drivers = bindings.platform(project, plain_http=False)
    found: dict[str, str] = {}
    for read in project.reads:
        bound = bindings.bind(read, drivers)
        if NAME.match(read.name) and read.name not in project.env_file and _needed(read, bound):
            value = _value(read, bound, project)
            if value.isprintable():
                found.setdefault(read.name, value)
    return dict(sorted(found.items()))


def _needed(read: Read, bound: Bound | None) -> bool:
    """What is required, and what decides whether this is development."""
    decides = read.setting == "DEBUG" or "DEBUG" in read.name.upper()
    return read.required or (bound is not None and not bound.binding and decides)


def _value(read: Read, bound: Bound | None, project: Project) -> str:
    if bound is None:
        return _guessed(read, project)
    if not bound.binding:
        return bound.value
    kind, _, shape = bound.binding.partition(".")
    if kind in {"hosts", "origins"}:
        value = BOUND[kind[:-1]]
        return json.dumps([value]) if shape == "json" else value
    return BOUND.get(bound.binding, ONLY)


def _guessed(read: Read, project: Project) -> str:
    """By the project's own example, what it is compared with, what is made of it, or its name."""
    if read.name in project.samples and not read.secret:
        return project.samples[read.name]
    if read.options:
        return read.options[0]
    if FLAGS.search(read.cast):
        return "False"
    if NUMBERS.search(read.cast):
        return "1"
    if "json" in read.cast or "eval" in read.cast:
        return "[]"
    return "http://build.invalid" if ADDRESSES.search(read.name.upper()) else ONLY
