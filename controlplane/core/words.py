"""Words that people look for, as PostgreSQL's full text search takes them: runs of letters and digits, found by how they begin."""

from __future__ import annotations

import re

from django.contrib.postgres.search import SearchQuery

MOST = 8


def of(text: str) -> list[str]:
    """The first words of what was typed; none where it has no letter or digit."""
    return re.findall(r"[^\W_]+", text)[:MOST]


def query(words: list[str]) -> SearchQuery:
    """Everything that has all of these words, or words that begin so."""
    return SearchQuery(" & ".join(f"'{word}':*" for word in words), config="simple", search_type="raw")
