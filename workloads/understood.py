"""What was understood of an application, as a page for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from workloads import configuration
from workloads.catalog import Registered
from workloads.configuration import Configuration
from workloads.source import plan
from workloads.source.project import Project, Read, Step

LISTED = 12


def as_json(registered: Registered) -> dict[str, Any]:
    """Everything on the page, for programs."""
    project = registered.project
    proposed = configuration.propose(registered.environment, project)
    return {
        "application": registered.application.name,
        "repository": registered.application.repository,
        "environment": registered.environment.name,
        "address": configuration.address(registered.environment),
        "understood": asdict(project),
        "processes": _processes(registered),
        "variables": {name: _shown(entry) | {"because": proposed.because[name]} for name, entry in proposed.items()},
        "missing": [read.name for read in configuration.missing(project, proposed)],
    }


def show(registered: Registered, console: Console) -> None:
    """Print the page."""
    project = registered.project
    proposed = configuration.propose(registered.environment, project)
    console.print()
    console.print(Text.assemble((registered.application.name, "bold"), f"  registered from {registered.application.repository}"))
    console.print()
    console.print(_facts(registered))
    _section(console, "Processes", _lines((name, " ".join(argv)) for name, argv in _processes(registered).items()))
    _section(console, "Build steps", _steps(plan.build_steps(project, registered.application)))
    _section(console, "Release steps", _steps(step for step in project.steps if step.when == "release"))
    _section(console, "Variables", _variables(project, proposed))
    _section(console, "Notes", _notes(project))
    lacking = configuration.missing(project, proposed)
    if lacking:
        _section(console, "Missing", _missing(registered, lacking))
    console.print()
    console.print(f"Next: manage.py deploy {registered.application.name} {registered.environment.name}", style="bold")
    console.print()


def _facts(registered: Registered) -> RenderableType:
    project = registered.project
    needs = project.requirements
    python = project.python_request.replace(".99", "") or "any"
    files = ", ".join(needs.files) or "none named"
    rows = [
        ("Folder", project.folder or "the repository itself"),
        ("Python", f"{python}  ({project.python_because})"),
        ("Django", project.django_version or "not named"),
        ("Dependencies", f"{needs.manager}: {files}{', locked' if needs.locked else ''} ({len(needs.names)} named)"),
        ("Settings", f"{project.settings_module}  ({project.settings_because})"),
        ("Database", _database(registered)),
        ("Tests", project.tests or "none found"),
        ("Health", project.health_path or "no route for it found; pages are asked for instead"),
        ("Address", f"{configuration.address(registered.environment)}  (once deployed)"),
    ]
    return _lines(rows)


def _database(registered: Registered) -> str:
    entries = configuration.propose(registered.environment, registered.project).values()
    bound = {str(entry.get("binding", "")) for entry in entries}
    if any(name.startswith("database.") and name != "database.sqlite_url" for name in bound):
        return "PostgreSQL, one of its own made by Timonel"
    known = {"sqlite": "SQLite, kept across releases", "": "as its settings say"}
    return known.get(registered.project.database, registered.project.database)


def _processes(registered: Registered) -> dict[str, list[str]]:
    return plan.run_plan(registered.project, registered.application, None).processes


def _steps(steps: Iterable[Step]) -> RenderableType | None:
    rows = [(" ".join(step.run) + (f"  (in {step.folder})" if step.folder else ""), step.because) for step in steps]
    return _lines(rows, first="", second="dim") if rows else None


def _variables(project: Project, proposed: Configuration) -> RenderableType | None:
    rows = [(name, f"{_text(entry)}  {proposed.because[name]}") for name, entry in proposed.items()]
    others = [read for read in project.reads if read.name not in proposed and not read.required]
    if others:
        names = ", ".join(read.name for read in others[:LISTED]) + (", ..." if len(others) > LISTED else "")
        rows.append((f"{len(others)} more", f"keep their defaults: {names}"))
    return _lines(rows) if rows else None


def _missing(registered: Registered, lacking: list[Read]) -> RenderableType:
    rows = _lines(((read.name, f"read in {read.path}, line {read.line}, without a default") for read in lacking), first="red")
    example = " ".join(f"--set {read.name}=..." for read in lacking[:3])
    deploy = f"manage.py deploy {registered.application.name} {registered.environment.name}"
    cure = f"A deployment stops until they are set: {deploy} {example}"
    return Group(rows, Padding(Text(cure), (1, 0, 0, 0)))


def _notes(project: Project) -> RenderableType | None:
    return Group(*[Text(f"- {note}") for note in project.notes]) if project.notes else None


def _text(entry: dict[str, Any]) -> str:
    shown = _shown(entry)
    return f"[{shown['binding']}]" if "binding" in shown else repr(shown["value"])


def _shown(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry without the value of a secret."""
    return entry if "binding" in entry or not entry.get("secret") else {**entry, "value": "(secret)"}


def _lines(rows: Iterable[tuple[str, str]], first: str = "cyan", second: str = "") -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(style=first or None, no_wrap=False)
    table.add_column(style=second or None, overflow="fold")
    for left, right in rows:
        table.add_row(Text(left), Text(right))
    return table


def _section(console: Console, title: str, body: RenderableType | None) -> None:
    if body is None:
        return
    console.print()
    console.print(title, style="bold")
    console.print(Padding(body, (0, 0, 0, 2)))
