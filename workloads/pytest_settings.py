"""Pure but for reading files: how a project runs pytest, as far as a run of ours must respect it."""

from __future__ import annotations

import configparser
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workloads.source import files

# Options that choose which tests run and how they are found. Reports, coverage, parallel runs and plugins are ours to decide.
WITH_VALUE = ("-m", "-k", "-p", "--ds", "--dc", "--ignore", "--ignore-glob", "--deselect", "--import-mode", "--confcutdir", "-W")
SET_BY_CODE = re.compile(r"DJANGO_SETTINGS_MODULE['\"]\]?\s*[,=]\s*['\"]([\w.]+)['\"]")
ALONE = frozenset({"--nomigrations", "--no-migrations", "--create-db", "--strict", "--strict-markers", "--doctest-modules"})


@dataclass(frozen=True, slots=True)
class PytestSettings:
    """Where pytest is run, the settings module it names, and the options to keep of its addopts."""

    folder: Path
    settings_module: str = ""
    options: tuple[str, ...] = ()


def find(folder: Path, root: Path) -> PytestSettings:
    """The settings pytest itself would find from `folder` upwards, not above `root`; else what a conftest.py sets."""
    for place in _upwards(folder.resolve(), root.resolve()):
        for section in _sections(place):
            found = _read(place, section)
            return found if found.settings_module else replace(found, settings_module=_of_conftest(place))
    return PytestSettings(folder, _of_conftest(folder))


def _of_conftest(place: Path) -> str:
    for path in (place / "conftest.py", place / "tests" / "conftest.py", place / "test" / "conftest.py"):
        found = SET_BY_CODE.search(files.text(path))
        if found:
            return found[1]
    return ""


def _upwards(folder: Path, root: Path) -> Iterator[Path]:
    yield folder
    while folder != root and root in folder.parents:
        folder = folder.parent
        yield folder


def _sections(place: Path) -> Iterator[Mapping[str, Any]]:
    for name, section in (("pytest.ini", "pytest"), (".pytest.ini", "pytest")):
        if (place / name).is_file():
            yield _ini(place / name, section) or {}
    if (place / "pyproject.toml").is_file():
        yield from _toml(place / "pyproject.toml")
    for name, section in (("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        found = _ini(place / name, section) if (place / name).is_file() else None
        if found is not None:
            yield found


def _ini(path: Path, section: str) -> Mapping[str, Any] | None:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(files.text(path))
    except configparser.Error:
        return None
    return dict(parser[section]) if parser.has_section(section) else None


def _toml(path: Path) -> Iterator[Mapping[str, Any]]:
    options = files.toml(path).get("tool", {}).get("pytest", {}).get("ini_options")
    if options is not None:
        yield options


def _read(place: Path, section: Mapping[str, Any]) -> PytestSettings:
    given = section.get("addopts", "")
    words = [str(word) for word in given] if isinstance(given, list) else _split(str(given))
    kept = tuple(_kept(words))
    named = next((word.partition("=")[2] for word in kept if word.startswith("--ds=")), "")
    return PytestSettings(place, named or str(section.get("DJANGO_SETTINGS_MODULE", "")).strip(), kept)


def _split(text: str) -> list[str]:
    lines = [line.partition(" #")[0] for line in text.splitlines() if not line.lstrip().startswith("#")]
    try:
        return shlex.split(" ".join(lines))
    except ValueError:
        return []


def _kept(words: list[str]) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        name, equals, _ = word.partition("=")
        if word in ALONE or (name in WITH_VALUE and equals):
            yield word
        elif word in WITH_VALUE:
            value = next(rest, None)
            if value is not None:
                yield from ([f"{word}={value}"] if word.startswith("--") else [word, value])
