"""HTML: what a reader of the page would see, by headings and blocks. Scripts, comments and hidden elements are not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from knowledge.chunking.parsable import parsable
from knowledge.chunking.pieces import Block
from knowledge.chunking.veil import VOID, Attributes, Veil

BLOCKS = {"p", "div", "section", "article", "main", "ul", "ol", "table", "pre", "blockquote", "dl", "figure", "aside", "header"}
WHOLE = {"ul", "ol", "table", "pre", "dl", "blockquote"}
BREAKS = {"li", "tr", "br", "dt", "dd"}
HEADING = re.compile(r"h[1-6]")


def blocks(text: str) -> Iterator[Block]:
    """The visible blocks in order; lines are those of the file."""
    reader = _Reader()
    reader.feed(parsable(text))
    reader.close()
    reader.end_block()
    yield from reader.found


class _Reader(HTMLParser):
    """Walks the tags once; whole elements are counted by their depth, so that no nesting can exhaust anything."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Block] = []
        self._path: list[tuple[int, str]] = []
        self._veil = Veil()
        self._whole: int | None = None
        self._heading: int | None = None
        self._text: list[str] = []
        self._first = 1

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        """Begin what this tag begins."""
        if tag in VOID:
            if tag in BREAKS:
                self._say("\n")
            return
        self._veil.begin(tag, attrs)
        if self._veil.unseen:
            return
        if self._whole is None and (tag in BLOCKS or HEADING.fullmatch(tag)):
            self.end_block()
            self._whole = self._veil.depth if tag in WHOLE else None
            self._heading = int(tag[1]) if HEADING.fullmatch(tag) else None
        if tag in BREAKS:
            self._say("\n- " if tag == "li" else "\n")
        if tag in ("td", "th"):
            self._say(" | ")

    def handle_endtag(self, tag: str) -> None:
        """End the nearest open element of this name, and whatever was left open inside it."""
        seen, ended = not self._veil.unseen, self._veil.end(tag)
        if self._whole is not None:
            if self._veil.depth < self._whole:
                self.end_block()
                self._whole = None
        elif seen and any(one in BLOCKS or HEADING.fullmatch(one) for one in ended):
            self.end_block()

    def handle_data(self, data: str) -> None:
        """Text between tags."""
        if not self._veil.unseen:
            self._say(data if self._veil.inside("pre") else re.sub(r"\s+", " ", data))

    def end_block(self) -> None:
        """Give what was said as a block, or take it as a heading."""
        said = "".join(self._text).strip("\n ")
        self._text = []
        if not said.strip():
            return
        if self._heading is not None:
            level, self._heading = self._heading, None
            self._path = [(above, name) for above, name in self._path if above < level] + [(level, " ".join(said.split())[:300])]
        else:
            self.found.append(Block(said, tuple(name for _, name in self._path), self._first, max(self._first, self.getpos()[0])))

    def _say(self, text: str) -> None:
        if self._veil.unseen:
            return
        if not self._text:
            self._first = self.getpos()[0]
        self._text.append(text)
