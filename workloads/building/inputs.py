"""What to install, in one form for every manager: requirement lines, constraints, folders of the project itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from controlplane.core.errors import OutsideError
from workloads.adapters import children, toolchain
from workloads.source import files, lines, locks
from workloads.source.bindings import lacks_a_broker_client
from workloads.source.project import Project
from workloads.source.requirements import caret

# Part of every Python 3; on the index for Python 2, where they cannot be installed by anything newer.
OF_PYTHON = frozenset({"wsgiref", "argparse", "hashlib", "multiprocessing", "ssl", "uuid", "asyncio"})
EXPORT_SECONDS = 120
KEPT_AT_RUN_TIME = "setuptools<81"  # pkg_resources, which many packages still import


@dataclass
class Inputs:
    """Everything an installer must be told."""

    requirements: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)  # of the project's own, beside the one this machine uses
    files: list[str] = field(default_factory=list)  # setup.py or setup.cfg, which the installer reads itself
    hashed: bool = False

    @property
    def names(self) -> set[str]:
        """The distributions asked for by name."""
        return {name for line in self.requirements if (name := name_of(line))}


def collect(source: Path, project: Project, *, dev: bool = False) -> Inputs:
    """The inputs of the application in this checkout; `dev` adds what only development and tests need."""
    folder = (source / project.folder).resolve()
    found = _WAYS.get(project.requirements.manager, _files)(folder, project, dev or project.requirements.with_development)
    found.requirements = [line for line in found.requirements if found.hashed or name_of(line) not in OF_PYTHON]
    found.constraints += [line for line in project.requirements.guessed if project.requirements.manager != "none"]
    found.requirements += [str(place) for place in _packages_around(folder, source.resolve(), project) if not _asked(place, found)]
    return found


def to_run_here(project: Project, asgi: bool) -> tuple[str, ...]:
    """What to add where the project brings none: a web server that fits, a client for the broker that Celery gets."""
    names = set(project.requirements.names)
    broker = ("celery[redis]",) if lacks_a_broker_client(project.celery, project.requirements.names) else ()
    if asgi:
        return broker if names & {"uvicorn", "daphne"} else ("uvicorn", "websockets", *broker)
    return broker if "gunicorn" in names else ("gunicorn", *broker)


def for_tests(project: Project) -> tuple[str, ...]:
    """What running the tests needs beside the project's own requirements."""
    pytest = ("pytest", "pytest-django") if project.tests == "pytest" else ()
    return ("coverage", *pytest)


def local_folders(source: Path, project: Project) -> list[Path]:
    """Folders of the repository that are installed as packages."""
    if project.requirements.manager == "uv":  # its lock says the rest
        return _packages_around((source / project.folder).resolve(), source.resolve(), project)
    places = [Path(line.partition("[")[0]) for line in collect(source, project).requirements if line.startswith("/")]
    return [place for place in places if place.is_dir()]


def name_of(line: str) -> str:
    """The distribution a requirement line names, normalised; empty for a path or an option."""
    try:
        return canonicalize_name(Requirement(re.split(r"\s+--", line)[0].strip()).name)
    except InvalidRequirement:
        return ""


def _files(folder: Path, project: Project, dev: bool) -> Inputs:
    found = Inputs()
    every = project.requirements.files
    wanted = [*(every if project.requirements.with_development else every[:1]), *(project.requirements.dev_files if dev else ())]
    seen: set[Path] = set()
    for name in wanted:
        _expand(folder / name, folder, found, seen)
    return found


def _expand(path: Path, folder: Path, found: Inputs, seen: set[Path], *, constraint: bool = False) -> None:
    """The lines of a file with those it includes; paths made absolute, indexes set aside."""
    if path.resolve() in seen:
        return
    seen.add(path.resolve())
    for line in lines.logical(files.text(path)):
        include, limit = lines.INCLUDE.match(line), lines.CONSTRAINT.match(line)
        index, editable = lines.INDEX.match(line), lines.EDITABLE.match(line)
        if include or limit:
            target = (include or limit)["file"]  # type: ignore[index]
            _expand(path.parent / target, folder, found, seen, constraint=constraint or limit is not None)
        elif index:
            found.indexes += [] if lines.OUR_INDEX.match(index["address"]) else [index["address"]]
        elif editable or not line.startswith("-"):
            plain = line if " --hash" in line else re.split(r"\s+--", line)[0]  # --no-binary and the like are for pip
            place = _place(editable["what"].strip() if editable else plain, path.parent)
            (found.constraints if constraint else found.requirements).append(place)
            found.hashed = found.hashed or "--hash" in line


def _place(what: str, here: Path) -> str:
    """A requirement line; a relative path in it made absolute, so that it means the same from anywhere."""
    path, extras = re.match(r"^([^\[;#\s]+)(\[[^\]]*\])?", what).groups() if re.match(r"^[./]", what) else ("", "")  # type: ignore[union-attr]
    if path and not path.startswith("/"):
        return f"{(here / path).resolve()}{extras or ''}"
    return what


def _uv(folder: Path, project: Project, dev: bool) -> Inputs:
    place = (folder / project.requirements.files[0]).parent.resolve()
    command = [
        str(toolchain.uv()),
        "export",
        "--frozen",
        "--no-default-groups",
        "--no-emit-workspace",
        "--no-hashes",
        "--no-header",
    ]
    command += ["--no-annotate", "--no-config", "--color", "never", "--quiet"]
    pyproject = files.toml(place / "pyproject.toml")
    groups = pyproject.get("dependency-groups", {})
    for name in (*project.requirements.groups, *(project.requirements.dev_groups if dev else ())):
        command += ["--group" if name in groups else "--extra", name]
    lines_out: list[str] = []
    done = children.run(
        command,
        cwd=place,
        environment=children.clean_environment(UV_PYTHON_DOWNLOADS="never", **toolchain.index_environment()),
        limits=children.Limits(seconds=EXPORT_SECONDS),
        on_line=lines_out.append,
    )
    if not done.ok:
        raise OutsideError(
            f"uv.lock could not be read: {done.output.strip()[-400:]}", cure="Run `uv lock` in the project and commit it."
        )
    wanted = [_place(line.removeprefix("-e ").strip(), place) for line in lines.logical(done.output)]
    locked = files.toml(place / "uv.lock").get("package", [])
    return Inputs([line for line in wanted if not line.startswith("-")], indexes=locks.indexes(locked))


def _poetry(folder: Path, project: Project, dev: bool) -> Inputs:
    place = (folder / project.requirements.files[0]).parent.resolve()
    pyproject = files.toml(place / "pyproject.toml")
    poetry = pyproject.get("tool", {}).get("poetry", {})
    tables: dict[str, Any] = {name: table for name, table in poetry.get("dependencies", {}).items() if name != "python"}
    wanted = [str(line) for line in pyproject.get("project", {}).get("dependencies", [])]
    groups = poetry.get("group", {})
    for name in groups:
        if name in project.requirements.groups or (dev and name in project.requirements.dev_groups):
            tables |= groups[name].get("dependencies", {})
    tables |= poetry.get("dev-dependencies", {}) if dev else {}
    locked = {canonicalize_name(str(package["name"])): package for package in files.toml(place / "poetry.lock").get("package", [])}
    optional = {name for name, table in tables.items() if isinstance(table, dict) and table.get("optional")}
    for name, table in tables.items():
        if name not in optional:  # the lock says which version
            wanted.append(_table(name, _unpinned(table) if canonicalize_name(name) in locked else table, locked, place))
    return Inputs(wanted, [line for line in _pins(place) if line])


def _pins(place: Path) -> list[str]:
    """poetry.lock as constraints; a package locked twice is left to the resolver, which knows the markers."""
    packages = files.toml(place / "poetry.lock").get("package", [])
    names = [canonicalize_name(str(package.get("name", ""))) for package in packages]
    return [
        f"{package['name']}=={package['version']}"
        for package in packages
        if names.count(canonicalize_name(str(package["name"]))) == 1 and "source" not in package
    ]


def _table(name: str, table: Any, locked: Mapping[Any, Any], place: Path) -> str:
    """One entry of a Poetry or Pipenv table as a requirement line."""
    if isinstance(table, list):
        table = table[-1]
    if isinstance(table, str):
        return f"{name}{_version(table)}"
    extras = f"[{','.join(table['extras'])}]" if table.get("extras") else ""
    marker = f" ; {conditions}" if (conditions := _conditions(table)) else ""
    if "git" in table:
        lock = locked.get(canonicalize_name(name), {}).get("source", {})
        ref = lock.get("resolved_reference") or table.get("rev") or table.get("ref") or table.get("tag") or table.get("branch")
        return f"{name}{extras} @ git+{table['git']}{f'@{ref}' if ref else ''}{marker}"
    if "path" in table:
        return f"{(place / table['path']).resolve()}{extras}"
    if table.get("url") or str(table.get("file", "")).startswith("http"):
        return f"{name}{extras} @ {table.get('url') or table.get('file')}{marker}"
    return f"{name}{extras}{_version(str(table.get('version', '')))}{marker}"


def _conditions(table: Mapping[str, Any]) -> str:
    """Poetry's `markers`, `platform` and `python` as one standard marker."""
    found = [f"({table['markers']})"] if table.get("markers") else []
    found += [f"sys_platform == '{table['platform']}'"] if table.get("platform") else []
    limits = caret(str(table.get("python", ""))).split(",")
    found += [f"python_version {limit[0]} '{limit[1]}'" for part in limits if (limit := _limit(part))]
    return " and ".join(found)


def _limit(part: str) -> tuple[str, str] | None:
    found = re.match(r"^([<>=!~]=?)\s*(\d+(?:\.\d+)?)", part.strip())
    return (found[1], found[2]) if found else None


def _unpinned(table: Any) -> Any:
    return {**table, "version": "*"} if isinstance(table, dict) else "*"


def _version(asked: str) -> str:
    if asked in {"", "*"}:
        return ""
    specifier = caret(asked)
    return specifier if re.match(r"[<>=!~]", specifier) else f"=={specifier}"


def _pipenv(folder: Path, project: Project, dev: bool) -> Inputs:
    place = (folder / project.requirements.files[0]).parent.resolve()
    sections = ["default", *(["develop"] if dev else [])]
    lock = json.loads(files.text(place / "Pipfile.lock") or "{}") if project.requirements.locked else {}
    pipfile = files.toml(place / "Pipfile")
    tables: dict[str, Any] = {}
    for section, named in zip(sections, ("packages", "dev-packages"), strict=False):
        tables |= lock.get(section, {}) if project.requirements.locked else pipfile.get(named, {})
    sources = [str(one.get("url", "")) for one in pipfile.get("source", []) if isinstance(one, dict)]
    return Inputs(
        [_table(name, table, {}, place) for name, table in tables.items()],
        [],
        [url for url in sources if url and not lines.OUR_INDEX.match(url)],
    )


def _packages_around(folder: Path, root: Path, project: Project) -> list[Path]:
    """Packages of the repository that the installed applications are imported from, where they are not beside manage.py."""
    places = [place for place in (folder, *folder.parents) if place.is_relative_to(root)]
    packaged = [place for place in places if (place / "setup.py").is_file() or "project" in files.toml(place / "pyproject.toml")]
    return [place for place in packaged if _itself(folder, place, project)]


def _itself(folder: Path, place: Path, project: Project) -> bool:
    tops = {app.split(".")[0] for app in project.apps}
    beside = {path.stem for path in folder.iterdir()}
    return any((place / top).is_dir() or (place / "src" / top).is_dir() for top in tops - beside)


def _asked(place: Path, found: Inputs) -> bool:
    """Whether the folder is among the requirements already, with extras or without."""
    return any(line.partition("[")[0] == str(place) for line in found.requirements)


def _setuptools(folder: Path, project: Project, dev: bool) -> Inputs:
    place = (folder / project.requirements.files[0]).parent.resolve()
    pyproject = files.toml(place / "pyproject.toml")
    extras = pyproject.get("project", {}).get("optional-dependencies", {})
    groups = (*project.requirements.groups, *(project.requirements.dev_groups if dev else ()))
    if _itself(folder, place, project):
        named = ",".join(name for name in groups if name in extras)
        beside = [item for name in groups for item in pyproject.get("dependency-groups", {}).get(name, []) if isinstance(item, str)]
        return Inputs([f"{place}[{named}]" if named else str(place), *beside])
    if "dependencies" not in pyproject.get("project", {}):
        return Inputs(files=[str(folder / name) for name in project.requirements.files])
    wanted = list(pyproject["project"]["dependencies"])
    for name in groups:
        wanted += [
            item for item in (*extras.get(name, []), *pyproject.get("dependency-groups", {}).get(name, [])) if isinstance(item, str)
        ]
    return Inputs(wanted)


def _none(folder: Path, project: Project, dev: bool) -> Inputs:
    return Inputs(list(project.requirements.guessed or ("django",)))


_WAYS: dict[str, Callable[[Path, Project, bool], Inputs]] = {
    "uv": _uv,
    "poetry": _poetry,
    "pipenv": _pipenv,
    "setuptools": _setuptools,
    "none": _none,
}
