"""A line with the words that were looked for marked, cut so that the first of them is in view."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from controlplane.core import words
from controlplane.dashboard.drawing import ansi

LONGEST = 240  # characters
BEFORE = 60


def marked(text: str, asked: str) -> SafeString:
    """The line without its colours, as HTML."""
    looked_for = "|".join(map(re.escape, words.of(asked)))
    pattern = re.compile(rf"(?<![^\W_])(?:{looked_for})", re.IGNORECASE) if looked_for else None
    return format_html_join("", "{}", ((piece,) for piece in _pieces(_cut(ansi.plain(text), pattern), pattern)))


def _pieces(text: str, pattern: re.Pattern[str] | None) -> Iterator[str]:
    end = 0
    for found in pattern.finditer(text) if pattern else ():
        yield text[end : found.start()]
        yield format_html("<mark>{}</mark>", found[0])
        end = found.end()
    yield text[end:]


def _cut(text: str, pattern: re.Pattern[str] | None) -> str:
    first = pattern.search(text) if pattern else None
    begin = max(0, first.start() - BEFORE) if first and len(text) > LONGEST else 0
    end = begin + LONGEST
    return f"{'…' if begin else ''}{text[begin:end]}{'…' if end < len(text) else ''}"
