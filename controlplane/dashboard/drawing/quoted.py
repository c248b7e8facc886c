"""What others wrote, quoted: plain text in blocks of prose and code, with words marked. Escaped first, never rendered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

Span = tuple[int, int]
FENCED = re.compile(r"^(?P<fence>`{3,}|~{3,})[^\n]*\n(?P<code>.*?)(?:\n(?P=fence)[`~]*[ \t]*$|\Z)", re.M | re.S)

INLINE = re.compile(r"`([^`\n]+)`")
BROKEN = re.compile(r"(?<=[^\n]{60})\n(?=[^\W\d_])")  # a line that was broken only because it was full


@dataclass(frozen=True, slots=True)
class Block:
    """A run of prose, or a piece of code without its fence."""

    code: bool
    html: SafeString


def blocks(text: str, spans: Sequence[Span]) -> list[Block]:
    """The text in its blocks, what stands in the spans marked. Nothing of it becomes an element of the page."""
    parts = [(code, begin, end) for code, begin, end in _parts(text) if text[begin:end].strip()]
    prose = BROKEN.sub(" ", text)  # as long as the text, so that the spans stay
    return [
        Block(code, marked(text, spans, begin, end) if code else _prose(prose, spans, begin, end)) for code, begin, end in parts
    ]


def marked(text: str, spans: Sequence[Span], begin: int = 0, end: int | None = None) -> SafeString:
    """A stretch of the text, what stands in the spans marked."""
    return format_html_join("", "{}", ((piece,) for piece in _pieces(text, spans, begin, len(text) if end is None else end)))


def _prose(text: str, spans: Sequence[Span], begin: int, end: int) -> SafeString:
    """Prose, its short pieces of code told apart."""
    found: list[SafeString] = []
    at = begin
    for piece in INLINE.finditer(text, begin, end):
        found.append(marked(text, spans, at, piece.start()))
        found.append(format_html("<code>{}</code>", marked(text, spans, piece.start(1), piece.end(1))))
        at = piece.end()
    return format_html_join("", "{}", ((one,) for one in (*found, marked(text, spans, at, end))))


def _parts(text: str) -> Iterator[tuple[bool, int, int]]:
    at = 0
    for found in FENCED.finditer(text):
        yield False, *_trimmed(text, at, found.start())
        yield True, found.start("code"), found.end("code")
        at = found.end()
    yield False, *_trimmed(text, at, len(text))


def _trimmed(text: str, begin: int, end: int) -> Span:
    """Without the empty lines around it."""
    kept = text[begin:end]
    return begin + len(kept) - len(kept.lstrip("\n")), begin + len(kept.rstrip())


def _pieces(text: str, spans: Sequence[Span], begin: int, end: int) -> Iterator[str]:
    at = begin
    for first, last in spans:
        if first >= at and last <= end:
            yield text[at:first]
            yield format_html("<mark>{}</mark>", text[first:last])
            at = last
    yield text[at:end]
