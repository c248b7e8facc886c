"""Words for the full text search. Pure.

What a program writes as one word is found by itself and by its parts: `KubePodCrashLooping` also by `pod crash`,
`node_filesystem_avail_bytes` also by `filesystem`. The database stems what comes out of here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

WORD = re.compile(r"[^\W_]+")
COMPOUND = re.compile(r"(?<![^\W_])[^\W_]+(?:[._/:-][^\W_]+)+")
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
TEMPLATED = re.compile(r"\{\{[^{}]*\$[^{}]*\}\}")  # `{{ $labels.pod }}` of an alert, which nobody has filled in
LONGEST = 80  # characters of an identifier; what is longer is a hash or a line of data
MOST = 2_000  # identifiers of one passage
SPANISH = re.compile(r"\b(?:el|la|los|las|que|una?|por|para|con|del|se|est[áa]|cuando|como|más|sin)\b", re.I)
ENGLISH = re.compile(r"\b(?:the|of|and|to|is|in|that|for|with|when|this|are|it|from|not)\b", re.I)
CONFIGURATIONS = {"en": "english", "es": "spanish"}


def said(question: str) -> str:
    """The question without the blanks of an alert's text; what has nothing else stays as it is."""
    return TEMPLATED.sub(" ", question).strip() or question


def opened(text: str) -> str:
    """The words of the text, each identifier followed by its parts."""
    found: list[str] = []
    for word in WORD.findall(text):
        parts = HUMP.sub(" ", word).split()
        found += [word, *parts] if len(parts) > 1 else [word]
    return " ".join(found)


def identifiers(text: str) -> list[str]:
    """What is written as one word with an inside (`livenessProbe.httpGet`, `E1101`, `exit-code`), in small letters, in order."""
    found = [*COMPOUND.findall(text), *(word for word in WORD.findall(text) if _is_identifier(word))]
    return [one.lower() for one in found if 2 <= len(one) <= LONGEST][:MOST]


def language(text: str) -> str:
    """`es` where the text speaks Spanish, otherwise `en`."""
    head = text[:20_000]
    return "es" if len(SPANISH.findall(head)) > len(ENGLISH.findall(head)) else "en"


def literal(lexemes: Iterable[str]) -> str:
    """A tsvector of exactly these lexemes, as the database reads it; each has weight B."""
    quoted = ("'" + one.replace("\\", "\\\\").replace("'", "''") + f"':{place}B" for place, one in enumerate(lexemes, 1))
    return " ".join(quoted)


def _is_identifier(word: str) -> bool:
    humped = HUMP.search(word) is not None
    mixed = any(letter.isdigit() for letter in word) and len(word) > 1
    return humped or mixed
