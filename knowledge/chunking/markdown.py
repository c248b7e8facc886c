"""Markdown, read with markdown-it: its front matter, headings, and blocks with their lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from knowledge.chunking.pieces import Block

FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.S)
TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.M)
HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_READER = MarkdownIt("commonmark", {"html": True}).enable("table")


def front_title(text: str) -> str:
    """The title of the front matter, or nothing."""
    front = FRONT.match(text)
    found = TITLE.search(front.group(1)) if front else None
    return found.group(1) if found else ""


def blocks(text: str) -> Iterator[Block]:
    """The blocks at the top of the document, in order. What a reader would not see (comments) is not there."""
    text = HIDDEN.sub(lambda hidden: "\n" * hidden.group().count("\n"), FRONT.sub(_blank, text))
    lines = text.split("\n")
    path: list[tuple[int, str]] = []
    tokens = _READER.parse(text)
    for place, token in enumerate(tokens):
        if token.level or token.map is None:
            continue
        if token.type == "heading_open":
            level = int(token.tag[1])
            path = [(above, name) for above, name in path if above < level] + [(level, _plain(tokens[place + 1]))]
            continue
        first, after = token.map
        body = "\n".join(lines[first:after]).rstrip()
        if body.strip():
            yield Block(body, tuple(name for _, name in path), first + 1, first + 1 + body.count("\n"))


def _blank(front: re.Match[str]) -> str:
    """As many empty lines, so that line numbers stay."""
    return "\n" * front.group().count("\n")


def _plain(inline: Token) -> str:
    words = [child.content for child in inline.children or [] if child.type in ("text", "code_inline")]
    return "".join(words).strip()[:300]
