"""Pure: why an application could not answer, told from the error it raised inside; each with its cure."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_VARIABLE = r"['\"]?(?P<name>[A-Z][A-Z0-9_]{2,})['\"]?"
_READ = re.compile(
    r"(?:environ(?:\.get)?|getenv|config|env(?:\.\w+)?|get_env\w*)\s*[\(\[]\s*['\"](?P<name>[A-Za-z_][A-Za-z0-9_]+)['\"]"
)
# How the usual ways of reading variables say that one is missing.
_MISSING = (
    re.compile(rf"Set the {_VARIABLE} environment variable"),  # django-environ, django-configurations
    re.compile(rf"{_VARIABLE} not found\. Declare it as envvar"),  # python-decouple
    re.compile(rf"Config {_VARIABLE} is missing"),  # starlette
    re.compile(rf"[Ee]nvironment variable:? {_VARIABLE}"),
    re.compile(rf"{_VARIABLE} (?:environment variable )?(?:is not set|is required|must be set|not set)"),
    re.compile(
        rf"(?:[Mm]issing|[Uu]ndefined|[Pp]rovide) (?:required )?(?:environment |env )?(?:variable|var|setting)s?:? {_VARIABLE}"
    ),
)
# Modules that left the standard library or came with other packages, and what brings them back.
_GONE = {
    "distutils": "It left Python in 3.12: ask for an older Python (runtime.txt, .python-version), or add `setuptools`.",
    "imp": "It left Python in 3.12: ask for an older Python (runtime.txt, .python-version).",
    "asynchat": "It left Python in 3.12: ask for an older Python.",
    "cgi": "It left Python in 3.13: ask for an older Python, or upgrade the package that imports it (Django 4.2 and later do not).",
    "pkg_resources": "Add `setuptools<81` to the requirements: newer ones no longer bring pkg_resources.",
}
_DRIVERS = {"psycopg": "psycopg[binary]", "MySQLdb": "mysqlclient", "cx_Oracle": "oracledb"}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the application gave no answer. `name` is the module or variable that is missing, where one is."""

    kind: str  # missing_variable, missing_module, missing_library, database, settings, code, died, timed_out
    message: str
    cure: str
    place: str = ""
    name: str = ""
    trace: str = ""


def understand(error: Mapping[str, Any]) -> Trouble:
    """What the error inside means for a person, by the first rule that knows it."""
    for rule in _RULES:
        found = rule(error)
        if found is not None:
            kind, name, cure = found
            return Trouble(kind, _sentence(error), cure, _place(error), name, "".join(error.get("trace", ())))
    raise AssertionError("the last rule knows every error")


Found = tuple[str, str, str] | None
Rule = Callable[[Mapping[str, Any]], Found]


def _missing_variable(error: Mapping[str, Any]) -> Found:
    name = ""
    if error["type"] == "KeyError" and error.get("raised_in", "").endswith(("os.py", "<frozen os>")):
        name = str(error["message"]).strip("'\"")
    for pattern in _MISSING:
        match = pattern.search(error["message"])
        name = name or (match["name"] if match else "")
    if not name and error["type"] in {"TypeError", "AttributeError", "ValueError"} and "None" in error["message"]:
        read = _READ.search(error.get("code", ""))
        name = read["name"] if read else ""
    return ("missing_variable", name, f"Give the environment the variable {name}.") if name else None


def _no_secret_key(error: Mapping[str, Any]) -> Found:
    """Where a variable held it, `_missing_variable` would have said which."""
    if "SECRET_KEY setting must not be empty" not in error["message"]:
        return None
    cure = 'Let the settings read it, as SECRET_KEY = os.environ["SECRET_KEY"]: the environment has one of its own to give.'
    return "settings", "SECRET_KEY", cure


def _gone_from_python(error: Mapping[str, Any]) -> Found:
    """Something of the standard library that a newer Python no longer has."""
    found = re.search(r"module '([\w.]+)' has no attribute '(\w+)'|cannot import name '(\w+)' from '([\w.]+)'", error["message"])
    module, name = (found[1] or found[4], found[2] or found[3]) if found else ("", "")
    if module.split(".")[0] not in sys.stdlib_module_names:
        return None
    cure = (
        f"Python no longer has {module}.{name}: upgrade the package that asks for it (Django itself, it may be), "
        "or ask for the older Python it was written for (runtime.txt, .python-version)."
    )
    return "missing_module", f"{module}.{name}", cure


def _missing_module(error: Mapping[str, Any]) -> Found:
    driver = re.search(r"Error loading (psycopg|MySQLdb|cx_Oracle)", error["message"])
    if driver:
        return "missing_module", driver[1], f"Add `{_DRIVERS[driver[1]]}` to the requirements: the database needs it."
    if "ImportError" not in error["bases"]:
        return None
    library = re.search(r"(\S+\.so[.\d]*): cannot open shared object", error["message"])
    if library:
        return "missing_library", library[1], f"Install the system library that brings {library[1]} on this machine."
    missing = re.search(r"No module named '([\w.]+)'", error["message"])
    name = missing[1] if missing else error.get("name", "")
    root = name.split(".")[0]
    if not missing:
        return (
            "missing_module",
            name,
            f"The installed version of {root or 'a package'} does not fit: pin the one that the code was written for.",
        )
    default = f"Add the package that brings `{root}` to the requirements of production (it may be in those of development only)."
    return "missing_module", name, _GONE.get(root, default)


def _missing_library(error: Mapping[str, Any]) -> Found:
    match = re.search(r"Could not find the (GDAL|GEOS) library|Unable to load the SpatiaLite", error["message"])
    name = (match[1] or "SpatiaLite") if match else ""
    return ("missing_library", name, f"Install {name} on this machine: the geographic database engine needs it.") if match else None


def _database(error: Mapping[str, Any]) -> Found:
    if not {"OperationalError", "InterfaceError"} & set(error["bases"]):
        return None
    if "unable to open database file" in error["message"]:
        return "database", "", "The folder of its SQLite file is not there: add it to the repository with a file in it."
    cure = (
        "See that the database is up and that its address and password in the variables are right. "
        "Where the settings name the server themselves, let DATABASES read DATABASE_URL: the environment has a database of its own."
    )
    return "database", "", cure


def _history(error: Mapping[str, Any]) -> Found:
    names = {"InconsistentMigrationHistory", "NodeNotFoundError", "CircularDependencyError", "BadMigrationError"}
    cure = "Mend the dependencies of the migrations in the repository; the database was not touched."
    return ("migrations", "", cure) if names & set(error["bases"]) else None


def _settings(error: Mapping[str, Any]) -> Found:
    if "ImproperlyConfigured" not in error["bases"]:
        return None
    return "settings", "", "Mend the setting that the message names, or give the variable it is read from."


def _code(error: Mapping[str, Any]) -> Found:
    place = _place(error)
    return "code", "", f"Look at {place}: it failed while the application was loading." if place else "Read the traceback."


_RULES: tuple[Rule, ...] = (
    _missing_variable,
    _no_secret_key,
    _gone_from_python,
    _missing_module,
    _missing_library,
    _history,
    _database,
    _settings,
    _code,
)


def _sentence(error: Mapping[str, Any]) -> str:
    message = " ".join(str(error["message"]).split()) or error.get("cause", "")
    return f"{error['type']}: {message}" if message else str(error["type"])


def _place(error: Mapping[str, Any]) -> str:
    return f"{error['file']}:{error['line']}" if error.get("file") else ""
