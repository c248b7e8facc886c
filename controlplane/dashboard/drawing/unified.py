"""A unified diff side by side: lines that were replaced beside what replaced them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest

from controlplane.dashboard.drawing.difference import Row, row

MOST = 600  # lines of one object that are drawn


def rows(text: str) -> tuple[Row, ...]:
    """The rows of a unified diff without its two headings; what is left out between two parts is a fold of unknown length."""
    numbers = {"old": 0, "new": 0}
    found: list[Row] = []
    for chunk in _chunks(text.splitlines()[:MOST]):
        if chunk is None:
            if found:
                found.append(Row("fold"))
            continue
        found += [row(old, new, numbers) for old, new in chunk]
    return tuple(found)


def _chunks(lines: Iterable[str]) -> Iterator[list[tuple[str | None, str | None]] | None]:
    """Pairs of lines that belong together; None where lines are left out."""
    gone: list[str] = []
    come: list[str] = []
    for line in lines:
        sign, rest = line[:1], line[1:]
        if sign == "-" and not come:
            gone.append(rest)
        elif sign == "+":
            come.append(rest)
        else:
            yield _beside(gone, come)
            gone, come = ([rest], []) if sign == "-" else ([], [])
            if sign == "@":
                yield None
            elif sign != "-":
                yield [(rest, rest)]
    yield _beside(gone, come)


def _beside(gone: list[str], come: list[str]) -> list[tuple[str | None, str | None]]:
    """Replaced lines beside the ones of the same key; the rest alone."""
    if len(gone) != len(come):
        keys = {_key(line): line for line in come}
        taken = {_key(line) for line in gone} & set(keys)
        pairs: list[tuple[str | None, str | None]] = [
            (line, keys.get(_key(line)) if _key(line) in taken else None) for line in gone
        ]
        return pairs + [(None, line) for line in come if _key(line) not in taken]
    return list(zip_longest(gone, come))


def _key(line: str) -> str:
    return line.partition(":")[0]
