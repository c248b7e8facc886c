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
FENCE = re.compile(r" {0,3}(?:```|~~~)")
PART = 50_000  # characters that are parsed at once
DEEPEST = 40  # lists in lists, quotes in quotes
_READER = MarkdownIt("commonmark", {"html": True, "maxNesting": DEEPEST}).enable("table")


def front_title(text: str) -> str:
    """The title of the front matter, or nothing."""
    front = FRONT.match(text)
    found = TITLE.search(front.group(1)) if front else None
    return found.group(1).strip().strip("\"'") if found else ""


def blocks(text: str) -> Iterator[Block]:
    """The blocks at the top of the document, in order."""
    path: list[tuple[int, str]] = []
    inside = Inside()
    for before, lines in _parts(FRONT.sub(_blank, text).split("\n")):
        for begins, shown in _read(lines, inside):
            assert begins.map is not None
            if begins.type == "heading_open":
                level, name = int(begins.tag[1]), begins.content
                path = [(above, said) for above, said in path if above < level] + [(level, name)] if name else path
                continue
            empty = next((place for place, line in enumerate(shown) if line.strip()), len(shown))
            body = "\n".join(shown[empty:]).rstrip()
            first = before + begins.map[0] + 1 + empty
            if body:
                yield Block(body, tuple(name for _, name in path), first, first + body.count("\n"))


def _parts(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """The lines in parts that a parser's memory is never filled with, each with the number of lines before it.

    A part ends before a line at the margin that follows an empty one, outside of code; where there is none for long, anywhere.
    """
    held: list[str] = []
    size, before, code = 0, 0, False
    for number, line in enumerate(lines):
        margin = held and not held[-1].strip() and line[:1].strip() and not code
        if held and ((size > PART and margin) or size + len(line) > 2 * PART):
            yield before, held
            held, size, before, code = [], 0, number, False
        code ^= bool(FENCE.match(line))
        held.append(line)
        size += len(line) + 1
    yield before, held


def _read(lines: Sequence[str], inside: Inside) -> Iterator[tuple[Token, list[str]]]:
    """The first token of each block, and its lines as its reader sees them; that of a heading holds its words."""
    if sum(map(len, lines)) > 2 * PART:  # one line that no person wrote
        yield Token("paragraph_open", "p", 1, map=[0, 1]), inside.block(lines[0])
        return
    for tokens in _tops(_READER.parse("\n".join(lines))):
        if tokens[0].map is not None:
            shown = _shown(tokens, lines, inside)
            tokens[0].content = _name(tokens, shown) if tokens[0].type == "heading_open" else ""
            yield tokens[0], shown


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
