"""reStructuredText: its titles (underlined, with or without overline) and blocks; what is indented stays with its lead-in.

Only the structure is read: no directive is carried out, so nothing is included from anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.chunking.pieces import Block

RULE = re.compile(r"^([!-/:-@\[-`{-~])\1{2,}[ \t]*$")
# What begins with two dots and is no directive, and the one directive whose text is not of this format.
DIRECTIVE = r"(?:\|[^|]+\|[ \t]+)?(?:[\w.+-]+(?::[\w.+-]+)*|(?:note|warning|tip|seealso|code-block) )::(?:[ \t]|$)"
COMMENT = re.compile(rf"^[ \t]*\.\.(?:[ \t]*$|[ \t]+(?:raw::|(?!{DIRECTIVE})))")


def blocks(text: str) -> Iterator[Block]:
    """Paragraphs, lists and literal blocks under their titles."""
    path: list[tuple[int, str]] = []
    styles: list[str] = []
    held: list[str] = []
    first = 1
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        title = _title(lines, number)
        if title is None:
            first, number = _take(lines, number, held, first)
            if number < len(lines) and not _goes_on(lines, number) and held and not held[-1].strip():
                yield from _block(held, path, first)
            continue
        yield from _block(held, path, first)
        name, style, taken = title
        if style not in styles:
            styles.append(style)
        level = styles.index(style)
        path = [(above, said) for above, said in path if above < level] + [(level, name)]
        number += taken
    yield from _block(held, path, first)


def _title(lines: list[str], number: int) -> tuple[str, str, int] | None:
    """The title that begins here: its name, its style, how many lines it takes."""
    over = RULE.match(lines[number])
    if over and number + 2 < len(lines) and lines[number + 2].strip() == lines[number].strip() and lines[number + 1].strip():
        return lines[number + 1].strip()[:300], over.group(1) * 2, 3
    under = RULE.match(lines[number + 1]) if number + 1 < len(lines) else None
    name = lines[number]
    if (
        under
        and name.strip()
        and not name.startswith(" ")
        and not over
        and len(lines[number + 1].rstrip()) >= len(name.rstrip()) - 1
    ):
        return name.strip()[:300], under.group(1), 2
    return None


def _take(lines: list[str], number: int, held: list[str], first: int) -> tuple[int, int]:
    """Hold this line; a comment with what is indented below it is held as empty lines."""
    if not held:
        first = number + 1
    if COMMENT.match(lines[number]):
        margin = _margin(lines[number])
        held.append("")
        number += 1
        while number < len(lines) and (_margin(lines[number]) > margin or not lines[number].strip()):
            held.append("")
            number += 1
        return first, number
    held.append(lines[number])
    return first, number + 1


def _goes_on(lines: list[str], number: int) -> bool:
    """Whether this line belongs to what stands above it: it is empty, indented, or the next item of a list."""
    line = lines[number]
    return not line.strip() or line[0] in " \t" or bool(re.match(r"(?:[-*+]|\d+\.|#\.) ", line))


def _block(held: list[str], path: list[tuple[int, str]], first: int) -> Iterator[Block]:
    empty = next((place for place, line in enumerate(held) if line.strip()), len(held))
    text = "\n".join(held[empty:]).rstrip()
    first += empty
    held.clear()
    if text.strip():
        yield Block(text, tuple(name for _, name in path), first, first + text.count("\n"))


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
