"""Walking through JSON that nobody checked: what is not as expected is empty, never an exception."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Table = Mapping[str, Any]
EMPTY: Table = {}


def dig(value: Any, *path: str | int) -> Any:
    """What lies at the path, or None."""
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
            value = value[key]
        else:
            return None
    return value


def table(value: Any, *path: str | int) -> Table:
    """The mapping at the path, or an empty one."""
    found = dig(value, *path)
    return found if isinstance(found, dict) else EMPTY


def rows(value: Any, *path: str | int) -> list[Table]:
    """The mappings of the list at the path."""
    found = dig(value, *path)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def word(value: Any, *path: str | int) -> str:
    """The text at the path; numbers and truth values as text too."""
    found = dig(value, *path)
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found) if isinstance(found, str | int | float) else ""


def words(value: Any, *path: str | int) -> list[str]:
    """The texts of the list at the path."""
    found = dig(value, *path)
    return [word(item) for item in found if isinstance(item, str | int | float)] if isinstance(found, list) else []


def whole(value: Any, *path: str | int, default: int = 0) -> int:
    """The whole number at the path."""
    found = dig(value, *path)
    if isinstance(found, bool):
        return default
    if isinstance(found, int):
        return found
    return int(found) if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 16 else default


def labels(value: Any, *path: str | int) -> dict[str, str]:
    """The mapping at the path as texts."""
    return {str(key): word(each) for key, each in table(value, *path).items()}
