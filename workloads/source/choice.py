"""Which settings module a release runs with: production's where it can be satisfied, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from workloads.source import bindings, dotenv, files, imports
from workloads.source.layout import Layout
from workloads.source.project import Project
from workloads.source.requirements import Found
from workloads.source.settings import Settings, load

PRODUCTION = ("production", "prod", "live", "deploy", "deployment")
DEVELOPMENT = re.compile(r"(^|[._])(dev|development|local|test|tests|testing|ci|debug)([._]|$)")


@dataclass(frozen=True, slots=True)
class Choice:
    """The settings module, why it was taken, and what speaks against the others."""

    module: str
    because: str
    settings: Settings | None
    notes: tuple[str, ...] = ()
    development: bool = False  # it needs the development requirements, and no other settings can be satisfied


def choose(layout: Layout, found: Found) -> Choice:
    """Take the first candidate that can be satisfied; when none can, the one the project itself names."""
    refused: list[str] = []
    loaded: list[tuple[str, str, Settings]] = []
    for module, because in _candidates(layout):
        settings = load(module, layout.roots, layout.folder)
        if settings is None:
            continue
        obstacles = _obstacles(settings, layout, found)
        if not obstacles:
            kept_out = [_kept_out(layout)] if files.module_file(layout.roots, layout.named) is None else []
            return Choice(module, because, settings, (*kept_out, *refused))
        refused.append(f"{module} was not taken: {'; '.join(obstacles[:4])}.")
        loaded.append((module, because, settings))
    if files.module_file(layout.roots, layout.named) is None and loaded:
        refused.insert(0, _kept_out(layout))
    if not loaded:
        return Choice(layout.named, "manage.py names it", None, (f"The settings module {layout.named or '?'} was not found.",))
    module, because, settings = next((one for one in loaded if one[0] == layout.named), loaded[0])
    for one in loaded:  # what only development installs can be installed as well
        if not _obstacles(one[2], layout, _with_development(found)):
            note = f"{one[0]} needs {', '.join(needed_of_development(one[2], found))}: what development needs is installed as well."
            return Choice(one[0], one[1], one[2], (note,), development=True)
    notes = [
        note.replace(" was not taken: ", " cannot work as it is: ") if note.startswith(f"{module} ") else note for note in refused
    ]
    return Choice(module, f"{because}; no settings of this project can be satisfied yet", settings, tuple(notes))


def _kept_out(layout: Layout) -> str:
    stem = layout.named.rpartition(".")[2]
    examples = [
        path.name for path in _siblings(layout)[1] + _examples(layout) if path.name.startswith(stem) and "ample" in path.name
    ]
    shown = f"; {examples[0]} shows what it should hold" if examples else ""
    return f"manage.py names {layout.named}, which is not in the repository{shown}. DJANGO_SETTINGS_MODULE chooses another."


def _examples(layout: Layout) -> list[Path]:
    """Files such as local.py.example where the settings would be."""
    package = layout.named.rpartition(".")[0]
    return sorted(layout.folder.joinpath(*package.split(".")).glob("*ample*")) if package else []


def _candidates(layout: Layout) -> Iterator[tuple[str, str]]:
    """Production first: what wsgi.py names, then modules named so; then what manage.py names."""
    given: set[str] = set()
    for module, because in _all_candidates(layout):
        if module and module not in given:
            given.add(module)
            yield module, because


def _all_candidates(layout: Layout) -> Iterator[tuple[str, str]]:
    if layout.served and layout.served != layout.named and not DEVELOPMENT.search(layout.served):
        yield layout.served, f"{layout.wsgi or layout.asgi} names it"
    for module in _production_siblings(layout):
        yield module, "the project's settings for production"
    yield layout.named, "manage.py names it"
    if layout.served:
        yield layout.served, f"{layout.wsgi or layout.asgi} names it"
    for module in _other_siblings(layout):
        yield module, "beside the settings that manage.py names"


def _siblings(layout: Layout) -> tuple[str, list[Path]]:
    path = files.module_file(layout.roots, layout.named)
    if path is None:  # kept out of the repository, as a local.py often is: look where it would be
        package = layout.named.rpartition(".")[0]
        places = [root.joinpath(*package.split(".")) if package else root for root in layout.roots]
        place = next((place for place in places if place.is_dir()), layout.folder)
    else:
        package = layout.named if path.name == "__init__.py" else layout.named.rpartition(".")[0]
        place = path.parent
    return package, [one for one in sorted(place.glob("*.py")) if one.name != "__init__.py"]


def _production_siblings(layout: Layout) -> list[str]:
    package, siblings = _siblings(layout)
    found = []
    for name in PRODUCTION:
        for path in siblings:
            words = set(re.split(r"[_\W]+", path.stem))
            if name in words and (
                words & {"settings", "conf", "config"} or package.rpartition(".")[2] in {"settings", "config", "conf"}
            ):
                found.append(f"{package}.{path.stem}" if package else path.stem)
    return found


def _other_siblings(layout: Layout) -> list[str]:
    """For a project whose own choice is not in the repository, such as a local.py kept out of it."""
    package, siblings = _siblings(layout)
    if files.module_file(layout.roots, layout.named) is None:
        whole = [
            path for path in siblings if path.stem.isidentifier() and re.search(r"^INSTALLED_APPS\s*=", files.text(path), re.M)
        ]
        return [f"{package}.{path.stem}".lstrip(".") for path in whole]
    inside = package.rpartition(".")[2] in {"settings", "config", "conf"}
    return [
        f"{package}.{path.stem}"
        for path in siblings
        if inside and path.stem in {"base", "common", "default", "settings", "dev", "local", "development"}
    ]


def needed_of_development(settings: Settings, found: Found) -> list[str]:
    """The packages these settings load for sure that only development installs."""
    apps = {app.split(".")[0] for app in settings.apps} if settings.debugs else settings.certain_apps
    return sorted(name for name in settings.imports | apps if imports.distribution(name) in found.dev_names)


def _with_development(found: Found) -> Found:
    return replace(found, dev_names=frozenset())


def _obstacles(settings: Settings, layout: Layout, found: Found) -> list[str]:
    """Why these settings could not load here, in short."""
    obstacles = [sentence.rstrip(".") for sentence in settings.absent]
    if not settings.apps and not settings.absent:
        obstacles.append("it holds no settings of its own")
    elif not settings.has_secret_key and not settings.absent:
        obstacles.append("it sets no SECRET_KEY")
    project = Project("", requirements=found.requirements)
    here = bindings.platform(project)
    given = {*dotenv.committed([layout.folder]), *dotenv.samples([layout.folder, layout.folder.parent])}
    lacking = [
        read.name for read in settings.reads if read.required and read.name not in given and bindings.bind(read, here) is None
    ]
    if lacking:
        obstacles.append(f"nothing provides {', '.join(lacking[:6])}")
    only_dev = needed_of_development(settings, found)
    if only_dev:
        obstacles.append(f"it needs {', '.join(only_dev)}, which only development installs")
    names = set(found.requirements.names)
    if settings.database == "postgresql" and names and not names & bindings.POSTGRES_DRIVERS:
        obstacles.append("it wants PostgreSQL, and no driver for it is among the dependencies")
    if settings.database in {"mysql", "oracle", "mssql"}:
        obstacles.append(f"it wants a {settings.database} server, which Timonel does not bring")
    if settings.fixed_database:
        obstacles.append(f"it names a {settings.database} server that no variable can change")
    return obstacles
