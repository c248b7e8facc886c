"""Where in a text the words of a question stand: the database stems its words as it stemmed the question's."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from django.db import connection

from knowledge.words import COMPOUND, HUMP, WORD

Span = tuple[int, int]
MOST = 20_000  # different words of one answer
_STEMS = """
SELECT word, ts_lexize('english_stem', word) || ts_lexize('spanish_stem', word) FROM unnest(%s::text[]) AS given (word)
"""


def of(texts: Sequence[str], matched: Sequence[Collection[str]]) -> list[list[Span]]:
    """For each text the places of these lexemes (as a search found them), in order, none inside another."""
    words = {word for text in texts for _, word in _words(text)}
    stems = _stems(sorted(words)[:MOST])
    return [_apart(_spans(text, set(lexemes), stems)) for text, lexemes in zip(texts, matched, strict=True)]


def _words(text: str) -> Iterator[tuple[Span, str]]:
    """Every word, and every part of one that has humps, in small letters."""
    for found in WORD.finditer(text):
        yield found.span(), found[0].lower()
        begin = found.start()
        parts = HUMP.split(found[0])
        for part in parts if len(parts) > 1 else ():
            yield (begin, begin + len(part)), part.lower()
            begin += len(part)


def _stems(words: list[str]) -> dict[str, set[str]]:
    with connection.cursor() as cursor:
        cursor.execute(_STEMS, [words])
        return {word: set(stems or ()) for word, stems in cursor.fetchall()}


def _spans(text: str, lexemes: set[str], stems: dict[str, set[str]]) -> Iterator[Span]:
    compounds: Iterator[re.Match[str]] = COMPOUND.finditer(text)
    yield from (found.span() for found in compounds if found[0].lower() in lexemes)
    yield from (span for span, word in _words(text) if word in lexemes or stems.get(word, set()) & lexemes)


def _apart(spans: Iterator[Span]) -> list[Span]:
    """The longer ones first, then by place, and nothing that another holds already."""
    kept: list[Span] = []
    for begin, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or begin >= kept[-1][1]:
            kept.append((begin, end))
    return kept
