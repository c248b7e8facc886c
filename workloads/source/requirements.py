"""How a project names its dependencies: which manager, which files, what is locked, what comes from an address."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from workloads.source import files, lines, locks
from workloads.source.project import Requirements

PRODUCTION = ("production", "prod", "deploy", "heroku", "docker", "server", "live")
GENERAL = ("base", "common", "main", "core", "app", "requirements", "default", "web")
DEVELOPMENT = ("test", "tests", "testing", "dev", "develop", "development", "local", "ci")
NEEDED_GROUPS = ("main", "default", "prod", "production", "deploy", "deployment", "server", "web")
SIDE_FOLDERS = frozenset(
    {"tests", "test", "testing", "example", "examples", "demo", "demos", "sandbox", "docs", "doc", "sample", "samples"}
)
DEV_GROUPS = ("dev", "test", "tests", "testing", "development")


@dataclass
class Found:
    """What one way of naming dependencies holds, before the best one is chosen."""

    requirements: Requirements
    django: str = ""  # the version asked for, as a specifier
    python: str = ""
    python_because: str = ""
    dev_names: frozenset[str] = frozenset()
    notes: list[str] = field(default_factory=list)

    @property
    def has_django(self) -> bool:
        """Whether Django is among what it names, or it needs to be asked to say."""
        return "django" in self.requirements.names


def find(folder: Path, root: Path) -> Found:
    """The dependencies of the project in `folder` of the repository `root`; what is nearest to manage.py wins."""
    places = list(dict.fromkeys([folder, *[p for p in folder.parents if p.is_relative_to(root)]]))
    found = [one for place in places for one in _in(place, folder, root)]
    mentioned = _mentioned_in_dockerfile(places)
    for one in found:
        if one.has_django and mentioned and any(Path(name).name in mentioned for name in one.requirements.files):
            return one
    found = [with_development(one) for one in found] if SIDE_FOLDERS & set(folder.relative_to(root).parts) else found
    usable = [one for one in found if one.has_django] or [one for one in found if one.requirements.names]
    return usable[0] if usable else found[0] if found else Found(Requirements("none"))


def with_development(found: Found) -> Found:
    """The same with what development needs: an example project of a library, or settings that load nothing less."""
    needs = found.requirements
    names = tuple(sorted({*needs.names, *found.dev_names}))
    groups, every = (*needs.groups, *needs.dev_groups), (*needs.files, *needs.dev_files)
    wider = replace(needs, groups=groups, files=every, dev_files=(), names=names, with_development=True)
    return replace(found, requirements=wider, dev_names=frozenset())


def _in(place: Path, folder: Path, root: Path) -> list[Found]:
    pyproject = files.toml(place / "pyproject.toml")
    ways = [_uv(place, folder, pyproject), _poetry(place, folder, pyproject), _pipenv(place, folder)]
    ways += [_files(place, folder, root), _pep621(place, folder, pyproject), _setuptools(place, folder)]
    return [way for way in ways if way is not None]


def _uv(place: Path, folder: Path, pyproject: dict[str, Any]) -> Found | None:
    if not (place / "uv.lock").is_file() or "project" not in pyproject:
        return None
    packages = files.toml(place / "uv.lock").get("package", [])
    project = pyproject["project"]
    groups = tuple(sorted(pyproject.get("dependency-groups", {})))
    extras = tuple(sorted(project.get("optional-dependencies", {})))
    direct = [*project.get("dependencies", [])]
    production = tuple(name for name in (*groups, *extras) if name in NEEDED_GROUPS)
    for name in production:
        direct += [item for item in _group(pyproject, name) if isinstance(item, str)]
    names = _normal(direct)
    needed = locks.reached(packages, names)
    return Found(
        Requirements(
            "uv", _names(place, folder, "uv.lock", "pyproject.toml"), (), production,
            tuple(name for name in (*groups, *extras) if name in DEV_GROUPS), True,
            (*locks.addresses(needed), *(f"index {index}" for index in locks.indexes(needed))), names,
        ),
        locks.version_of(packages, "django"), str(project.get("requires-python", "")), "pyproject.toml: requires-python",
        _normal_set(item for name in groups if name in DEV_GROUPS for item in _group(pyproject, name)),
    )  # fmt: skip


def _poetry(place: Path, folder: Path, pyproject: dict[str, Any]) -> Found | None:
    poetry = pyproject.get("tool", {}).get("poetry", {})
    project = pyproject.get("project", {})
    locked = (place / "poetry.lock").is_file()
    if not locked and "dependencies" not in poetry:
        return None
    packages = files.toml(place / "poetry.lock").get("package", [])
    tables = dict(poetry.get("dependencies", {}))
    python = str(tables.pop("python", "") or project.get("requires-python", ""))
    names = set(_normal(project.get("dependencies", []))) | {canonicalize_name(name) for name in tables}
    groups = tuple(name for name, group in poetry.get("group", {}).items() if name in NEEDED_GROUPS and not group.get("optional"))
    for name in groups:
        names |= {canonicalize_name(item) for item in poetry["group"][name].get("dependencies", {})}
    dev = {**poetry.get("dev-dependencies", {})}
    for name, group in poetry.get("group", {}).items():
        dev |= group.get("dependencies", {}) if name in DEV_GROUPS else {}
    addresses = locks.addresses(locks.reached(packages, names)) or tuple(
        f"{name} @ {table.get('git') or table.get('url')}"
        for name, table in tables.items()
        if isinstance(table, dict) and {"git", "url"} & set(table)
    )
    present = ("poetry.lock", "pyproject.toml") if locked else ("pyproject.toml",)
    asked = tables.get("django", tables.get("Django", ""))
    return Found(
        Requirements("poetry", _names(place, folder, *present), (), groups, DEV_GROUPS, locked, addresses, tuple(sorted(names))),
        locks.version_of(packages, "django") or caret(asked.get("version", "") if isinstance(asked, dict) else str(asked)),
        caret(python), "pyproject.toml: python", frozenset(canonicalize_name(name) for name in dev) - names,
    )  # fmt: skip


def _pipenv(place: Path, folder: Path) -> Found | None:
    if not (place / "Pipfile").is_file():
        return None
    pipfile = files.toml(place / "Pipfile")
    locked = (place / "Pipfile.lock").is_file()
    try:
        lock = json.loads(files.text(place / "Pipfile.lock") or "{}")
    except ValueError:
        lock, locked = {}, False
    packages = {canonicalize_name(name): table for name, table in pipfile.get("packages", {}).items()}
    everything = {canonicalize_name(name): table for name, table in lock.get("default", {}).items()} if locked else packages
    addresses = tuple(
        f"{name} @ {table.get('git') or table.get('file')}"
        for name, table in everything.items()
        if isinstance(table, dict) and {"git", "file"} & set(table)
    )
    requires = pipfile.get("requires", {})
    present = ("Pipfile.lock", "Pipfile") if locked else ("Pipfile",)
    asked: Any = next((table for name, table in everything.items() if name == "django"), "")
    return Found(
        Requirements(
            "pipenv", _names(place, folder, *present), (), (), ("dev-packages",), locked,
            addresses, tuple(sorted({*packages, *everything})),
        ),
        str(asked.get("version", "") if isinstance(asked, dict) else asked).replace("*", ""),
        str(requires.get("python_full_version") or requires.get("python_version") or ""), "Pipfile: requires",
        frozenset(canonicalize_name(name) for name in pipfile.get("dev-packages", {})) - set(packages),
    )  # fmt: skip


def _files(place: Path, folder: Path, root: Path) -> Found | None:
    candidates = sorted(requirement_files(place), key=_file_rank)
    if not candidates:
        return None
    main = next(
        (path for path in candidates if _file_rank(path) < 50 and "django" in lines.read(path, folder).names), candidates[0]
    )
    held = lines.read(main, folder)
    dev = [path for path in candidates if _stem_words(path) & set(DEVELOPMENT) and files.relative(path, folder) not in held.files]
    dev_names = set().union(*(lines.read(path, folder).names for path in dev)) - held.names if dev else set()
    sources = [name for name in held.files if (folder / name).with_suffix(".in").is_file()]
    compiled = bool(sources) or "autogenerated by pip-compile" in files.text(main) or "uv pip compile" in files.text(main)
    django = held.of("django")
    pinned = all(str(one.specifier).startswith("==") for one in held.requirements) and bool(held.requirements)
    notes = [f"{name} is included but not there." for name in held.missing]
    notes += [f"A line of {main.name} is not a requirement and is left to the installer: {odd}" for odd in held.odd[:3]]
    indexes = [f"index {address}" for address in held.indexes if not lines.OUR_INDEX.match(address)]
    return Found(
        Requirements(
            "pip-tools" if compiled else "pip", tuple(held.files), tuple(files.relative(path, folder) for path in dev), (), (),
            compiled or (pinned and held.hashed), (*held.addresses, *indexes), tuple(sorted(held.names)),
        ),
        str(django.specifier) if django else "", dev_names=frozenset(dev_names), notes=notes,
    )  # fmt: skip


def _pep621(place: Path, folder: Path, pyproject: dict[str, Any]) -> Found | None:
    project = pyproject.get("project", {})
    if "dependencies" not in project:
        return None
    extras, groups = project.get("optional-dependencies", {}), pyproject.get("dependency-groups", {})
    needed = tuple(name for name in (*extras, *groups) if name in NEEDED_GROUPS)
    direct = [*project["dependencies"], *[item for name in needed for item in _group(pyproject, name)]]
    django = next((found for item in direct if (found := _requirement(item)) and canonicalize_name(found.name) == "django"), None)
    return Found(
        Requirements(
            "setuptools", _names(place, folder, "pyproject.toml"), (), needed,
            tuple(name for name in (*extras, *groups) if name in DEV_GROUPS), False,
            tuple(item for item in direct if isinstance(item, str) and "://" in item.split("#")[0]), _normal(direct),
        ),
        str(django.specifier) if django else "", str(project.get("requires-python", "")), "pyproject.toml: requires-python",
        _normal_set(item for name in (*extras, *groups) if name in DEV_GROUPS for item in _group(pyproject, name)),
    )  # fmt: skip


def _setuptools(place: Path, folder: Path) -> Found | None:
    present = [name for name in ("setup.cfg", "setup.py") if (place / name).is_file()]
    content = "\n".join(files.text(place / name) for name in present)
    if "install_requires" not in content:
        return None
    named = re.findall(r"""^\s*["']?([A-Za-z][\w.-]*)\s*(?:\[[\w,\s-]*\])?\s*((?:[<>=!~]=?[^"';#\n]*)?)["',;\n]""", content, re.M)
    django = next((specifier.strip(" \"'") for name, specifier in named if name.lower() == "django"), "")
    python = re.search(r"""python_requires\s*=\s*["']?([^"'\n]+)""", content)
    return Found(
        Requirements("setuptools", _names(place, folder, *present), names=_normal([name for name, _ in named])),
        django.rstrip(","), python[1].strip(" ,") if python else "", f"{present[0]}: python_requires",
    )  # fmt: skip


def requirement_files(place: Path) -> list[Path]:
    """Every file of the folder (and its `requirements` folder) that names requirements."""
    found = [path for path in sorted(place.glob("*require*.txt")) if path.is_file()]
    found += [path for path in sorted(place.glob("*require*.pip")) if path.is_file()]
    for name in ("requirements", "requires", "reqs", "deps", "requirement"):
        found += [path for path in sorted((place / name).glob("*.txt")) if path.is_file()]
        found += [path for path in sorted((place / name).glob("*.pip")) if path.is_file()]
    return found


def _file_rank(path: Path) -> int:
    words = _stem_words(path)
    if path.stem == "requirements" and path.parent.name != "requirements":
        return 0
    for rank, names in ((10, PRODUCTION), (20, GENERAL)):
        hits = [index for index, name in enumerate(names) if name in words]
        if hits and not words & set(DEVELOPMENT):
            return rank + hits[0]
    return 60 if words & set(DEVELOPMENT) else 40


def _stem_words(path: Path) -> set[str]:
    words = set(re.split(r"[^a-z0-9]+", path.stem.lower()))
    return words - {"requirements", "requirement", "txt"} or {path.stem.lower()}


def _mentioned_in_dockerfile(places: list[Path]) -> set[str]:
    """The dependency files that a Dockerfile installs from: the project's own word on what production needs."""
    found: set[str] = set()
    for place in places:
        for path in [*sorted(place.glob("Dockerfile*")), *sorted(place.glob("docker/**/Dockerfile*"))]:
            content = files.text(path)
            found |= {Path(name).name for name in re.findall(r"(?:-r|--requirement)[\s=]+(\S+\.(?:txt|pip))", content)}
            found |= {"uv.lock"} if re.search(r"\buv sync\b", content) else set()
            found |= {"poetry.lock"} if re.search(r"\bpoetry (?:install|export)\b", content) else set()
            found |= {"Pipfile.lock"} if re.search(r"\bpipenv (?:install|sync)\b", content) else set()
    return found


def caret(version: str) -> str:
    """Poetry's `^3.8` and `~3.8` as a standard specifier."""
    parts = []
    for part in re.split(r"\s*,\s*|\s*\|\|?\s*", version.strip()) if version else []:
        found = re.match(r"^([\^~])(?!=)\s*(\d+(?:\.\d+)*)", part)
        parts.append(f">={found[2]},<{_next(found[1], found[2])}" if found else part if part != "*" else "")
    return ",".join(part for part in parts if part)


def _next(sign: str, version: str) -> str:
    """The first version that `^` or `~` leaves out: the number after the leftmost that is not 0, or after the second."""
    numbers = [int(number) for number in version.split(".")]
    if sign == "~":
        place = min(1, len(numbers) - 1)
    else:
        place = next((index for index, number in enumerate(numbers) if number), len(numbers) - 1)
    return ".".join(map(str, [*numbers[:place], numbers[place] + 1]))


def _group(pyproject: dict[str, Any], name: str) -> list[Any]:
    extras = pyproject.get("project", {}).get("optional-dependencies", {})
    return [*extras.get(name, []), *pyproject.get("dependency-groups", {}).get(name, [])]


def _names(place: Path, folder: Path, *names: str) -> tuple[str, ...]:
    return tuple(files.relative(place / name, folder) for name in names)


def _requirement(line: Any) -> Requirement | None:
    try:
        return Requirement(line) if isinstance(line, str) else None
    except InvalidRequirement:
        return None


def _normal(items: Any) -> tuple[str, ...]:
    return tuple(sorted(_normal_set(items)))


def _normal_set(items: Any) -> frozenset[str]:
    return frozenset(canonicalize_name(found.name) for item in items if (found := _requirement(item)) is not None)
