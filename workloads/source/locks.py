"""Lock files of uv and Poetry: which packages a set of requirements reaches, and where they come from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from packaging.utils import canonicalize_name

from workloads.source.lines import OUR_INDEX

Package = dict[str, Any]


def reached(packages: Iterable[Package], names: Iterable[str]) -> list[Package]:
    """The locked packages that these distributions need, themselves included; extras are taken with their package."""
    by_name: dict[str, list[Package]] = {}
    for package in packages:
        by_name.setdefault(name_of(package), []).append(package)
    seen: set[str] = set()
    waiting: list[str] = [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name not in seen and name in by_name:
            seen.add(name)
            waiting += [needed for package in by_name[name] for needed in _needs(package)]
    return [package for name in sorted(seen) for package in by_name[name]]


def name_of(package: Package) -> str:
    """The package's name, normalised."""
    return canonicalize_name(str(package.get("name", "")))


def version_of(packages: Iterable[Package], name: str) -> str:
    """The locked version as a specifier, or empty."""
    versions = [str(package.get("version", "")) for package in packages if name_of(package) == name]
    return f"=={versions[-1]}" if versions else ""


def addresses(packages: Iterable[Package]) -> tuple[str, ...]:
    """Those that come from an address instead of an index."""
    return tuple(f"{package['name']} @ {place}" for package in packages if (place := _address(package)))


def indexes(packages: Iterable[Package]) -> list[str]:
    """The package indexes they come from, besides the usual one."""
    found = dict.fromkeys(str(package.get("source", {}).get("registry", "")) for package in packages)
    return [address for address in found if address and not OUR_INDEX.match(address)]


def _address(package: Package) -> str:
    source = package.get("source", {})
    if source.get("type") in {"git", "url"}:  # Poetry
        return str(source.get("url", ""))
    return str(source.get("git") or source.get("url") or "")


def _needs(package: Package) -> list[str]:
    needs = package.get("dependencies", [])
    if isinstance(needs, dict):  # Poetry: those of extras are marked optional
        names = [name for name, table in needs.items() if not (isinstance(table, dict) and table.get("optional"))]
    else:
        names = [str(need["name"]) for need in needs]
    return [canonicalize_name(name) for name in names]
