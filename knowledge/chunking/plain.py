"""Text without a format: paragraphs between empty lines. YAML: a block for each document and key at its top."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from knowledge.chunking.pieces import Block

KEY = re.compile(r"^(?:---|[\"']?[\w./-]+[\"']?:)")


def paragraphs(text: str) -> Iterator[Block]:
    """Runs of lines between empty ones."""
    yield from _runs(text, lambda line, former: not former.strip())


def keys(text: str) -> Iterator[Block]:
    """Runs of lines from one key at the margin to the next, headed by the key."""
    for block in _runs(text, lambda line, former: bool(KEY.match(line))):
        key = block.text.split(":", 1)[0].strip().strip("\"'")
        yield Block(block.text, (key[:300],) if key and "\n" not in key else (), block.first, block.last)


def _runs(text: str, begins: Callable[[str, str], bool]) -> Iterator[Block]:
    held: list[str] = []
    first, former = 1, ""
    for number, line in enumerate(text.split("\n"), 1):
        if held and begins(line, former):
            yield from _block(held, first)
            held = []
        if not held:
            first = number
        held.append(line)
        former = line
    yield from _block(held, first)


def _block(held: list[str], first: int) -> Iterator[Block]:
    empty = next((place for place, line in enumerate(held) if line.strip()), len(held))
    text = "\n".join(held[empty:]).rstrip()
    first += empty
    if text.strip():
        yield Block(text, (), first, first + text.count("\n"))
