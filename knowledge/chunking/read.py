"""A file's text as title and pieces, by the format that its name says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from knowledge.chunking import html, markdown, plain, rst
from knowledge.chunking.pieces import Block, Piece, pack
from knowledge.words import HUMP

Blocks = Callable[[str], Iterable[Block]]
FORMATS: dict[str, Blocks] = {
    ".md": markdown.blocks,
    ".markdown": markdown.blocks,
    ".rst": rst.blocks,
    ".html": html.blocks,
    ".htm": html.blocks,
    ".txt": plain.paragraphs,
    ".yaml": plain.keys,
    ".yml": plain.keys,
}
NAMES_OF_FOLDERS = {"index", "_index", "readme"}
LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True)
class Read:
    """A document as it is indexed."""

    title: str
    pieces: tuple[Piece, ...]


def read(path: str, text: str) -> Read:
    """The document's title and pieces."""
    suffix = PurePosixPath(path).suffix.lower()
    found = list(FORMATS.get(suffix, plain.paragraphs)(text))
    return Read(_title(path, text, found), tuple(pack(found)))


def _title(path: str, text: str, found: list[Block]) -> str:
    """What the document calls itself and what its file is called, where they differ."""
    name = PurePosixPath(path)
    stem = name.parent.name if name.stem.lower() in NAMES_OF_FOLDERS and name.parent.name else name.stem
    said = markdown.front_title(text) or next((block.headings[0] for block in found if block.headings), "")
    if not said or _same(said, stem):
        return (said if " " in said else stem)[:LONGEST_TITLE]
    return f"{said} ({stem})"[:LONGEST_TITLE]


def _same(one: str, other: str) -> bool:
    """Whether two names are the same words, however they are written."""
    return _letters(one) == _letters(other)


def _letters(name: str) -> str:
    return "".join(letter for letter in HUMP.sub(" ", name).lower() if letter.isalnum())
