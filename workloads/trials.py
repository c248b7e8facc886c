"""Running an application's own tests in isolation: a copy of its source, databases of their own, limits, coverage."""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from controlplane.core.redaction import redact
from workloads import pytest_settings
from workloads.adapters.children import Completed, Limits, run
from workloads.adapters.scratch import Scratch, scratch_database
from workloads.described import DescribedSettings, Inside, describe
from workloads.drivers import Say
from workloads.suites import Suite, read_junit, read_unittest

OVERLAY = "timonel_test_settings"
HASHERS = "timonel_test_hashers"
OVERLAY_SOURCE = '''"""The settings of the tests, with what a roll-out would provide replaced by something of their own."""
import importlib
_real = importlib.import_module({module!r})
globals().update((name, value) for name, value in vars(_real).items() if not name.startswith("__"))
for _values in DATABASES.values():
    if {override!r} and "postg" in _values.get("ENGINE", ""):
        _values.update({override!r})
        _values["OPTIONS"] = {{k: v for k, v in (_values.get("OPTIONS") or {{}}).items() if not k.startswith("ssl")}}
if {plain_static!r}:
    if "STORAGES" in globals():
        STORAGES = dict(STORAGES, staticfiles={{"BACKEND": {plain_static!r}}})
    else:
        STATICFILES_STORAGE = {plain_static!r}
if {hashers!r}:
    PASSWORD_HASHERS = {hashers!r}
'''
QUICK_HASHER = '''"""The same password hashes, made in no time."""
from django.contrib.auth.hashers import PBKDF2PasswordHasher
class QuickPBKDF2PasswordHasher(PBKDF2PasswordHasher):
    iterations = 1
'''
COVERAGE = """[run]
source = .
data_file = {folder}/coverage
omit =
    {source}/tests*/*
    {source}/*/tests*/*
    {source}/test_*.py
    {source}/*/test_*.py
    {source}/*/tests.py
    {source}/*/conftest.py
    {source}/*/migrations/*
    {source}/manage.py
disable_warnings = no-data-collected, module-not-imported, couldnt-parse
[report]
ignore_errors = True
"""
DJANGOS_HASHERS = "django.contrib.auth.hashers"
PLAIN_STATIC = "django.contrib.staticfiles.storage.StaticFilesStorage"
NO_POSTGRES = frozenset({"mysql", "oracle", "mssql"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """What to run: `runner` is `pytest` or `manage.py test`; `inside` is the test environment in a copy of the source."""

    inside: Inside
    root: Path
    runner: str
    settings_module: str
    say: Say
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of the application's code, tests and migrations left out. `files`: (path, percent, lines not reached)."""

    percent: float
    statements: int
    files: tuple[tuple[str, float, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it. `database` is the engine the tests used; `lacks` names one that they need and that is not here."""

    suite: Suite
    completed: Completed | None
    command: str = ""
    database: str = ""
    python: str = ""
    lacks: str = ""
    coverage: Coverage | None = None
    notes: tuple[str, ...] = ()


def run_tests(attempt: Attempt) -> Trial:
    """Run them once. Raises Unanswered when not even their settings load, OutsideError without a scratch database."""
    settings = pytest_settings.find(attempt.inside.folder, attempt.root) if attempt.runner == "pytest" else None
    module = (settings.settings_module if settings else "") or attempt.settings_module
    inside = _with(attempt.inside, DJANGO_SETTINGS_MODULE=module) if module else attempt.inside
    described = describe(inside)
    inside = _with(inside, **_fast_coverage(described.python))
    engines = {database.engine for database in described.databases.values()}
    if engines & NO_POSTGRES:
        return Trial(Suite(0, complete=False), None, lacks=", ".join(sorted(engines & NO_POSTGRES)))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="timonel-tests-")))
        scratch = stack.enter_context(scratch_database()) if "postgresql" in engines else None
        overlay = _overlay(described, module, scratch)
        if overlay:
            (folder / f"{OVERLAY}.py").write_text(overlay)
            (folder / f"{HASHERS}.py").write_text(QUICK_HASHER)
            module = OVERLAY
            inside = _with(inside, DJANGO_SETTINGS_MODULE=module, PYTHONPATH=f"{folder}:{inside.folder}")
        trial = _run(attempt, inside, settings, module, folder)
    notes = _notes(scratch, described) if overlay else ()
    return replace(trial, database=", ".join(sorted(engines)), python=described.python, notes=notes)


def _overlay(described: DescribedSettings, module: str, scratch: Scratch | None) -> str:
    """The text of the settings the tests get instead of their own; empty where their own cannot be imported as a module."""
    static, hashers = _plain_static(described), _quick_hashers(described)
    if described.raw["uses_configurations"] or not (scratch or static or hashers):
        return ""
    override = {} if scratch is None else scratch.as_settings()
    real = module or described.settings_module
    return OVERLAY_SOURCE.format(module=real, override=override, plain_static=static, hashers=hashers)


def _plain_static(described: DescribedSettings) -> str:
    """Instead of a storage that needs the manifest which collectstatic makes."""
    return PLAIN_STATIC if "Manifest" in described.storages.get("staticfiles", "") else ""


def _quick_hashers(described: DescribedSettings) -> list[str]:
    """Django's default hasher is slow on purpose, and makes most of the time of many suites: one round is enough for tests."""
    hashers = [str(name) for name in described.raw["password_hashers"] or ()]
    if not hashers or hashers[0] != f"{DJANGOS_HASHERS}.PBKDF2PasswordHasher":
        return []
    return [f"{HASHERS}.QuickPBKDF2PasswordHasher", *hashers[1:]]


def _notes(scratch: Scratch | None, described: DescribedSettings) -> tuple[str, ...]:
    told = {
        "The tests had a scratch PostgreSQL database of their own.": scratch is not None,
        "The tests had plain static files: the manifest comes from collectstatic.": bool(_plain_static(described)),
    }
    return tuple(note for note, holds in told.items() if holds)


def _fast_coverage(python: str) -> dict[str, str]:
    """Python 3.12 can tell which lines run at nearly no cost; before that a trace function must."""
    return {"COVERAGE_CORE": "sysmon"} if tuple(map(int, python.split(".")[:2])) >= (3, 12) else {}


def _run(attempt: Attempt, inside: Inside, settings: pytest_settings.PytestSettings | None, module: str, folder: Path) -> Trial:
    (folder / "coveragerc").write_text(COVERAGE.format(folder=folder, source=inside.folder))
    words = _pytest(settings, module, folder) if settings else _manage(inside, module)
    argv = [str(inside.python), "-m", "coverage", "run", f"--rcfile={folder}/coveragerc", *words, *attempt.arguments]
    command = " ".join(["python", *(word for word in words if str(folder) not in word), *attempt.arguments])
    attempt.say(f"Running the tests: {command}")
    completed = run(
        argv,
        cwd=settings.folder if settings else inside.folder,
        environment=_with(inside, PYTHONPATH=inside.environment.get("PYTHONPATH") or str(inside.folder)).environment,
        limits=Limits(seconds=inside.seconds, cpu_seconds=int(inside.seconds * 4) + 10),
        on_line=lambda line: attempt.say(redact(line, inside.secrets), kind="line"),
        cancelled=inside.cancelled,
    )
    report = folder / "junit.xml"
    suite = read_unittest(completed.output) if settings is None else read_junit(report.read_text() if report.exists() else "")
    return Trial(suite, completed, command, coverage=_coverage(inside, completed, folder))


def _pytest(settings: pytest_settings.PytestSettings, module: str, folder: Path) -> list[str]:
    options = [word for word in settings.options if not word.startswith("--ds=")]
    chosen = [f"--ds={module}"] if module == OVERLAY else []
    return ["-m", "pytest", "-o", "addopts=", *options, *chosen, "-p", "no:cacheprovider", f"--junitxml={folder}/junit.xml"]


def _manage(inside: Inside, module: str) -> list[str]:
    chosen = [f"--settings={module}"] if module else []
    return [inside.manage, "test", "--noinput", *chosen]


def _coverage(inside: Inside, completed: Completed, folder: Path) -> Coverage | None:
    """What coverage measured, or None where it measured nothing."""
    if completed.ended != "exited":
        return None
    report = folder / "coverage.json"
    argv = [str(inside.python), "-m", "coverage", "json", f"--rcfile={folder}/coveragerc", "-q", "-o", str(report)]
    run(argv, cwd=inside.folder, environment=inside.environment, limits=Limits(seconds=120))
    if not report.exists():
        return None
    told = json.loads(report.read_text())
    files = [(name, item["summary"]["percent_covered"], item["summary"]["missing_lines"]) for name, item in told["files"].items()]
    worst = sorted((file for file in files if file[2]), key=lambda file: -file[2])
    return Coverage(told["totals"]["percent_covered"], told["totals"]["num_statements"], tuple(worst[:20]))


def _with(inside: Inside, **variables: str) -> Inside:
    return replace(inside, variables={**inside.variables, **variables})
