"""HTML: what a reader of the page would see, by headings and blocks. Scripts, comments and hidden elements are not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from knowledge.chunking.pieces import Block

SILENT = {"script", "style", "template", "noscript", "nav", "footer", "svg", "head", "iframe", "object", "form", "button"}
BLOCKS = {"p", "div", "section", "article", "main", "ul", "ol", "table", "pre", "blockquote", "dl", "figure", "aside", "header"}
WHOLE = {"ul", "ol", "table", "pre", "dl", "blockquote"}
BREAKS = {"li", "tr", "br", "dt", "dd"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
HEADING = re.compile(r"h[1-6]")
UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?:[;\s]|$)", re.I)


def blocks(text: str) -> Iterator[Block]:
    """The visible blocks in order; lines are those of the file."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.end_block()
    yield from reader.found


class _Reader(HTMLParser):
    """Walks the tags once; unseen and whole elements are counted by their depth, so that no nesting can exhaust anything."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Block] = []
        self._path: list[tuple[int, str]] = []
        self._open: list[str] = []
        self._unseen: int | None = None
        self._whole: int | None = None
        self._heading: int | None = None
        self._text: list[str] = []
        self._first = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin what this tag begins."""
        if tag in VOID:
            if tag in BREAKS:
                self._say("\n")
            return
        self._open.append(tag)
        if self._unseen is None and (tag in SILENT or _hidden(dict(attrs))):
            self._unseen = len(self._open)
        if self._unseen is not None:
            return
        if self._whole is None and (tag in BLOCKS or HEADING.fullmatch(tag)):
            self.end_block()
            self._whole = len(self._open) if tag in WHOLE else None
            self._heading = int(tag[1]) if HEADING.fullmatch(tag) else None
        if tag in BREAKS:
            self._say("\n- " if tag == "li" else "\n")
        if tag in ("td", "th"):
            self._say(" | ")

    def handle_endtag(self, tag: str) -> None:
        """End the nearest open element of this name, and whatever was left open inside it."""
        if tag not in self._open:
            return
        while self._open:
            depth, last = len(self._open), self._open.pop()
            self._ended(depth, last)
            if last == tag:
                return

    def handle_data(self, data: str) -> None:
        """Text between tags."""
        if self._unseen is None:
            self._say(data if self._open[-1:] == ["pre"] or "pre" in self._open else re.sub(r"\s+", " ", data))

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
        if self._unseen is not None:
            return
        if not self._text:
            self._first = self.getpos()[0]
        self._text.append(text)

    def _ended(self, depth: int, tag: str) -> None:
        if self._unseen == depth:
            self._unseen = None
        elif self._whole == depth:
            self.end_block()
            self._whole = None
        elif self._unseen is None and self._whole is None and (tag in BLOCKS or HEADING.fullmatch(tag)):
            self.end_block()


def _hidden(attributes: dict[str, str | None]) -> bool:
    unseen = UNSEEN.search(attributes.get("style") or "")
    return "hidden" in attributes or attributes.get("aria-hidden") == "true" or unseen is not None
