"""Which changes of a column's type PostgreSQL makes without touching a row, and which the old code survives."""

from __future__ import annotations

import re

_SIZED = re.compile(r"^(?P<name>[a-z ]+?)\s*\(\s*(?P<first>\d+)\s*(?:,\s*(?P<second>\d+)\s*)?\)$")
_FAMILIES = (
    {
        "smallint",
        "integer",
        "bigint",
        "serial",
        "smallserial",
        "bigserial",
        "integer unsigned",
        "bigint unsigned",
        "smallint unsigned",
    },
    {"varchar", "text", "char", "citext", "character varying"},
    {"numeric", "decimal"},
    {"double precision", "real"},
    {"timestamp with time zone", "timestamp without time zone", "datetime"},
    {"json", "jsonb"},
)


def widens(old: str, new: str) -> bool:
    """Whether the new type holds all of the old without a rewrite: a longer varchar, a wider numeric of the same scale."""
    (was, sizes), (becomes, new_sizes) = _parts(old), _parts(new)
    if was == "varchar":
        return becomes == "text" or (becomes == "varchar" and (not new_sizes or bool(sizes and new_sizes[0] >= sizes[0])))
    if was == becomes == "numeric" and len(sizes) == len(new_sizes) == 2:
        return new_sizes[0] >= sizes[0] and new_sizes[1] == sizes[1]
    return was == "text" and becomes == "varchar" and not new_sizes


def compatible(old: str, new: str) -> bool:
    """Whether code written for the old type goes on working with the new one."""
    was, becomes = _parts(old)[0], _parts(new)[0]
    return was == becomes or any({was, becomes} <= family for family in _FAMILIES)


def _parts(name: str) -> tuple[str, tuple[int, ...]]:
    """`numeric(10, 2)` is ("numeric", (10, 2))."""
    bare = name.strip().lower()
    match = _SIZED.match(bare)
    if match is None:
        return bare, ()
    return match["name"], tuple(int(match[size]) for size in ("first", "second") if match[size] is not None)
