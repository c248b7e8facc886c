"""Where things are: manage.py, the modules it names, the WSGI and ASGI entry points."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from controlplane.core.errors import Invalid
from workloads.source import files
from workloads.source.requirements import SIDE_FOLDERS

NAMED = re.compile(
    r"""DJANGO_SETTINGS_MODULE["']\s*(?:,|\]\s*=)\s*\\?\s*(?:os\.(?:environ\.get|getenv)\([^,)]+,\s*)?["']([\w.]+)["']"""
)
DEPTH = 4
ENTRY = {
    "wsgi": re.compile(r"get_wsgi_application|WSGIHandler"),
    "asgi": re.compile(r"get_asgi_application|ProtocolTypeRouter|get_default_application"),
}
PYTHON_2 = re.compile(r"^\s*(print\s+[\"'%\w]|except\s+\w+\s*,\s*\w+\s*:|raise\s+\w+\s*,\s*[\"'])", re.M)


@dataclass(frozen=True, slots=True)
class Layout:
    """The skeleton of a Django project."""

    folder: Path  # where manage.py is
    manage: str
    roots: tuple[Path, ...]  # where its modules are looked for
    named: str  # the settings module manage.py names
    wsgi: str  # "package.wsgi"
    asgi: str
    served: str  # the settings module wsgi.py or asgi.py names
    notes: tuple[str, ...] = ()


def find(repository: Path, subfolder: str = "") -> Layout:
    """Find the project; Invalid says what is missing when there is none."""
    start = _start(repository, subfolder)
    manages = _manage_files(start)
    if not manages:
        raise _nothing(start, repository)
    manage = manages[0]
    folder = manage.parent
    roots = _roots(folder, manage)
    named = _named(manage, folder)
    wsgi, asgi = _entry(folder, "wsgi", named), _entry(folder, "asgi", named)
    served = next((_named_in(found) for found in (wsgi, asgi) if found and _named_in(found)), "")
    return Layout(
        folder,
        manage.name,
        roots,
        named or served,
        _module(wsgi, roots),
        _module(asgi, roots),
        served,
        tuple(_notes(manages, repository)),
    )


def _start(repository: Path, subfolder: str) -> Path:
    start = (repository / subfolder).resolve()
    if not start.is_relative_to(repository.resolve()) or not start.is_dir():
        raise Invalid(f"The repository has no folder {subfolder!r}.", cure="Give --path as a folder inside the repository.")
    return start


def _manage_files(start: Path) -> list[Path]:
    """Every manage.py, the most likely first; failing that, scripts that do its work under another name."""
    everything = [path for path in files.walk(start, DEPTH) if path.suffix == ".py" or not path.suffix]
    found = [path for path in everything if path.name == "manage.py" and "execute" in files.text(path)]
    if not found:
        found = [path for path in everything if path.suffix == ".py" and _does_its_work(path)]
    return sorted(found, key=lambda path: (_aside(path, start), len(path.parts), str(path)))


def _does_its_work(path: Path) -> bool:
    content = files.text(path)
    return "execute_from_command_line" in content and "DJANGO_SETTINGS_MODULE" in content and "__main__" in content


def _aside(path: Path, start: Path) -> bool:
    return bool(SIDE_FOLDERS & set(path.relative_to(start).parts[:-1]))


def _nothing(start: Path, repository: Path) -> Invalid:
    templates = [entry.name for entry in repository.iterdir() if "{{" in entry.name or entry.name == "project_name"]
    if templates:
        return Invalid(
            f"This is a template for projects ({templates[0]}), not a project.", cure="Make a project from it, and register that."
        )
    inside = [path for path in files.walk(start, DEPTH) if path.name in {"setup.py", "pyproject.toml"}]
    what = "It looks like a library: it has packaging files but no project." if inside else "No Django project was found."
    return Invalid(
        f"No manage.py in {start.name or 'the repository'} or up to {DEPTH} folders below. {what}",
        cure="Give the folder that holds manage.py with --path, or add a manage.py (django-admin startproject makes one).",
    )


def _roots(folder: Path, manage: Path) -> tuple[Path, ...]:
    """The folder of manage.py, and what manage.py adds to the module path."""
    added = re.findall(r"""sys\.path\.(?:append|insert)\([^"'\n]*["']([\w./-]+)["']""", files.text(manage))
    places = [folder, *[folder / name for name in (*added, "src", "apps")]]
    if not (folder / "__init__.py").exists():
        places.append(folder.parent)
    return tuple(dict.fromkeys(place for place in places if place.is_dir()))


def _named(manage: Path, folder: Path) -> str:
    """The settings module manage.py names, directly or through a module it imports."""
    if found := _named_in(manage):
        return found
    for module in re.findall(r"^\s*from ([\w.]+) import", files.text(manage), re.M):
        path = files.module_file((folder,), module)
        if path is not None and (found := _named_in(path)):
            return found
    guesses = [path for path in files.walk(folder, 2) if path.name == "settings.py" or path.parent.name == "settings"]
    for path in guesses:
        if "INSTALLED_APPS" in files.text(path):
            return files.relative(path, folder).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return ""


def _named_in(path: Path) -> str:
    found = NAMED.findall(files.text(path))
    return str(found[-1]) if found else ""


def _entry(folder: Path, kind: str, named: str) -> Path | None:
    """wsgi.py or asgi.py: beside the settings, else the nearest one that makes an application."""
    package = folder.joinpath(*named.split(".")[:1])
    names = {f"{kind}.py", f"{kind}_app.py", *(["routing.py"] if kind == "asgi" else [])}
    files_of_it = [path for path in files.walk(folder, 3) if path.name in names or path.parts[-2:] == (kind, "__init__.py")]
    found = [path for path in files_of_it if ENTRY[kind].search(files.text(path))]
    found = [path for path in found if all(part.isidentifier() for part in _parts(path, folder))]
    found.sort(
        key=lambda path: (path.name == "routing.py", not path.is_relative_to(package), _aside(path, folder), len(path.parts))
    )
    return found[0] if found else None


def _parts(path: Path, folder: Path) -> list[str]:
    """The names of the module and the packages it lies in."""
    parts = [*path.relative_to(folder).parts[:-1], path.stem]
    return parts[:-1] if path.name == "__init__.py" else parts


def _module(path: Path | None, roots: tuple[Path, ...]) -> str:
    if path is None:
        return ""
    root = next((root for root in roots if path.is_relative_to(root)), roots[0])
    return ".".join(_parts(path, root))


def _notes(manages: list[Path], repository: Path) -> list[str]:
    notes = []
    chosen = files.relative(manages[0].parent, repository)
    if _aside(manages[0], repository):
        notes.append(f"The only project here is in {chosen}: an example or test project of a library, perhaps.")
    others = [files.relative(path.parent, repository) for path in manages[1:] if not _aside(path, repository)]
    if others:
        notes.append(f"More than one manage.py: {chosen} is taken; also in {', '.join(others[:5])} (choose with --path).")
    if manages[0].name != "manage.py":
        notes.append(f"There is no manage.py; {manages[0].name} does its work.")
    return notes


def is_python_2(path: Path) -> bool:
    """Whether a file that does not parse is Python 2."""
    return bool(PYTHON_2.search(files.text(path)))
