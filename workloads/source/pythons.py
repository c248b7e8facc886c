"""Which Python the project asks for, and where it says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from workloads.source import django_versions, files
from workloads.source.requirements import caret

FILES = (
    (".python-version", r"^\s*(?:python-)?(\d+\.\d+(?:\.\d+)?)"),
    ("runtime.txt", r"^\s*python-?(\d+\.\d+(?:\.\d+)?)"),
    (".tool-versions", r"^python\s+(\d+\.\d+(?:\.\d+)?)"),
)
IMAGE = re.compile(r"^FROM\s+(?:--platform=\S+\s+)?(?:\S*/)?python:(\d+\.\d+)", re.M | re.I)
IMAGE_FILES = ("Dockerfile*", "docker/**/Dockerfile*", "compose/**/Dockerfile*")


def asked(places: list[Path], declared: tuple[str, str], django: str) -> tuple[str, str, tuple[str, ...]]:
    """The Python request, where it was read, and notes. `places`: folders to look in, nearest first."""
    if written := next(_written(places), None):
        return _minor(written[0]), f"{written[1]}: {written[0]}", _conflict(written[0], declared)
    if declared[0]:
        return _with_django(declared[0], declared[1], django)
    supported = django_versions.pythons(django)
    if supported:
        return supported[1], f"Django {supported[0]} is made for Python {supported[1].replace('.99', '')}", ()
    return "", "nothing asks for a Python", ()


def preferred(places: list[Path], django: str) -> str:
    """The Python to take where several would do: the one of its Dockerfile, else one of its Django's time."""
    supported = django_versions.pythons(django)
    return next(_images(places), supported[2] if supported else "")


def _written(places: list[Path]) -> Iterator[tuple[str, str]]:
    for place in places:
        for name, pattern in FILES:
            if found := re.search(pattern, files.text(place / name), re.M):
                yield found[1], name


def _images(places: list[Path]) -> Iterator[str]:
    for place in places:
        for path in (path for pattern in IMAGE_FILES for path in sorted(place.glob(pattern))):
            if found := IMAGE.search(files.text(path)):
                yield found[1]


def _with_django(request: str, because: str, django: str) -> tuple[str, str, tuple[str, ...]]:
    """An open request, narrowed to what its Django supports."""
    supported = django_versions.pythons(django)
    if not supported or re.fullmatch(r"[=\s]*\d+\.\d+(\.[\d*]+)?", request):
        return _minor(request), because, ()
    both = f"{request},{supported[1]}"
    try:
        SpecifierSet(both)
    except InvalidSpecifier:
        return request, because, ()
    return both, f"{because} {request}; Django {supported[0]} is made for {supported[1].replace('.99', '')}", ()


def _minor(version: str) -> str:
    """The version without a leading comparison, when it names one exactly."""
    exact = re.fullmatch(r"[=\s]*(\d+\.\d+(?:\.[\d*]+)?)", version.strip())
    return exact[1].removesuffix(".*") if exact else version.strip()


def _conflict(version: str, declared: tuple[str, str]) -> tuple[str, ...]:
    try:
        fits = not declared[0] or SpecifierSet(caret(declared[0]) if declared[0][:1] in "^~" else declared[0]).contains(
            version if version.count(".") == 2 else f"{version}.99"
        )
    except InvalidSpecifier:
        return ()
    return () if fits else (f"Python {version} is asked for, but {declared[1]} says {declared[0]}.",)
