"""Markdown, read with markdown-it: its front matter, headings, and blocks with their lines, without what no reader sees."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from knowledge.chunking.inside import Inside
from knowledge.chunking.pieces import Block

FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.S)
TITLE = re.compile(r"^title:[ \t]*(\S.{0,300})", re.M)
# Whatever stands in one of these is seen as it is written; what is in none of them (a definition of a link) is not.
LEAVES = {"inline", "fence", "code_block", "hr", "table_open", "heading_open", "paragraph_open", "html_block"}
DEEPEST = 100  # lists in lists, quotes in quotes
_READER = MarkdownIt("commonmark", {"html": True, "maxNesting": DEEPEST}).enable("table")


def front_title(text: str) -> str:
    """The title of the front matter, or nothing."""
    front = FRONT.match(text)
    found = TITLE.search(front.group(1)) if front else None
    return found.group(1).strip().strip("\"'") if found else ""


def blocks(text: str) -> Iterator[Block]:
    """The blocks at the top of the document, in order."""
    text = FRONT.sub(_blank, text)
    lines = text.split("\n")
    path: list[tuple[int, str]] = []
    inside = Inside()
    for tokens in _tops(_READER.parse(text)):
        begins = tokens[0]
        if begins.map is None:
            continue
        shown = _shown(tokens, lines, inside)
        if begins.type == "heading_open":
            level, name = int(begins.tag[1]), _name(tokens, shown)
            path = [(above, said) for above, said in path if above < level] + [(level, name)] if name else path
            continue
        empty = next((place for place, line in enumerate(shown) if line.strip()), len(shown))
        body = "\n".join(shown[empty:]).rstrip()
        first = begins.map[0] + 1 + empty
        if body:
            yield Block(body, tuple(name for _, name in path), first, first + body.count("\n"))


def _tops(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens of each block at the top."""
    held: list[Token] = []
    for token in tokens:
        held.append(token)
        if token.level == 0 and token.nesting <= 0:
            yield held
            held = []


def _shown(tokens: Sequence[Token], lines: Sequence[str], inside: Inside) -> list[str]:
    """The lines of a block as its reader sees them."""
    assert tokens[0].map is not None
    begin, after = tokens[0].map
    seen = [""] * (after - begin)
    for token in tokens:
        if token.map is None or token.type not in LEAVES:
            continue
        first, last = token.map
        if token.type == "html_block":
            said = inside.block(token.content)
            seen[first - begin : last - begin] = (said + [""] * (last - first))[: last - first]
        elif token.type == "inline":
            inside.inline(token, seen, first - begin)
        elif not inside.unseen:
            seen[first - begin : last - begin] = lines[first:last]
    return seen


def _name(tokens: Sequence[Token], shown: Sequence[str]) -> str:
    """The words of a heading: of its text, or of its lines where HTML may have hidden some of it."""
    children = tokens[1].children or []
    if any(child.type == "html_inline" for child in children):
        return " ".join(line.strip("# \t") for line in shown).strip()[:300]
    words = [child.content for child in children if child.type in ("text", "code_inline")]
    return "".join(words).strip()[:300] if any(line.strip() for line in shown) else ""


def _blank(front: re.Match[str]) -> str:
    """As many empty lines, so that line numbers stay."""
    return "\n" * front.group().count("\n")
