"""Running an application's own tests in isolation: a copy of its source, databases of their own, limits, coverage."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from controlplane.core.redaction import redact
from workloads import pytest_settings
from workloads.adapters.children import Completed, Limits, run
from workloads.adapters.scratch import Scratch, scratch_database
from workloads.described import Inside, describe
from workloads.drivers import Say
from workloads.suites import Suite, read_junit, read_unittest

OVERLAY = "timonel_test_settings"
OVERLAY_SOURCE = '''"""The settings of the tests, with what a roll-out would provide replaced by something of their own."""
import importlib
_real = importlib.import_module({module!r})
globals().update((name, value) for name, value in vars(_real).items() if not name.startswith("__"))
for _values in DATABASES.values():
    if {override!r} and "postg" in _values.get("ENGINE", ""):
        _values.update({override!r})
        _values["OPTIONS"] = {{k: v for k, v in (_values.get("OPTIONS") or {{}}).items() if not k.startswith("ssl")}}
if {plain_static!r}:  # a manifest is what collectstatic makes; tests do without
    if "STORAGES" in globals():
        STORAGES = dict(STORAGES, staticfiles={{"BACKEND": {plain_static!r}}})
    else:
        STATICFILES_STORAGE = {plain_static!r}
'''
COVERAGE = """[run]
source = .
data_file = {folder}/coverage
omit =
    {source}/tests/*
    {source}/*/tests/*
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
        static = PLAIN_STATIC if "Manifest" in described.storages.get("staticfiles", "") else ""
        if scratch or static:
            module = _overlay(folder, module or described.settings_module, scratch, static)
            inside = _with(inside, DJANGO_SETTINGS_MODULE=module, PYTHONPATH=f"{folder}:{inside.folder}")
        trial = _run(attempt, inside, settings, module, folder)
    return replace(trial, database=", ".join(sorted(engines)), notes=tuple(_notes(scratch, static)))


def _fast_coverage(python: str) -> dict[str, str]:
    """Python 3.12 can tell which lines run at nearly no cost; before that a trace function must."""
    return {"COVERAGE_CORE": "sysmon"} if tuple(map(int, python.split(".")[:2])) >= (3, 12) else {}


def _notes(scratch: Scratch | None, static: str) -> Iterator[str]:
    if scratch:
        yield "The tests had a scratch PostgreSQL database of their own."
    if static:
        yield "The tests had plain static files: the manifest comes from collectstatic."


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


def _overlay(folder: Path, module: str, scratch: Scratch | None, static: str) -> str:
    override = {} if scratch is None else scratch.as_settings()
    text = OVERLAY_SOURCE.format(module=module, override=override, plain_static=static)
    (folder / f"{OVERLAY}.py").write_text(text)
    return OVERLAY


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
