"""By words: Okapi BM25 (Robertson and Zaragoza 2009; k1 1.2, b 0.75) over PostgreSQL's full text.

A word of a title or heading counts three times (BM25F with one length), an identifier of the question twice. A question of
many common words is held against the passages of its telling ones: those that stand in the fewest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from knowledge.models import Counted
from knowledge.retrieval.found import Scope
from knowledge.words import identifiers, opened

K1, B = 1.2, 0.75
MOST_WORDS, MOST_HELD, IDENTIFIER_WEIGHS = 64, 4_000, 2.0
_LEXEMES = """
SELECT asked.word, stem.lexeme, COALESCE(known.passages, 0)
FROM unnest(%s::text[]) AS asked (word)
CROSS JOIN LATERAL (SELECT ts_lexize('english_stem', word) AS en, ts_lexize('spanish_stem', word) AS es) both_
CROSS JOIN LATERAL (SELECT DISTINCT unnest(both_.en || both_.es) AS lexeme WHERE both_.en <> '{}' AND both_.es <> '{}') stem
LEFT JOIN knowledge_word known ON known.lexeme = stem.lexeme
"""
_EXACT = "SELECT lexeme, passages FROM knowledge_word WHERE lexeme = ANY(%s::text[])"
_RANK = """
WITH asked AS (SELECT * FROM unnest(%s::text[], %s::float8[]) AS given (lexeme, weight)),
found AS MATERIALIZED (SELECT id, words, length FROM knowledge_passage WHERE words @@ %s::tsquery AND {condition})
SELECT found.id, sum(asked.weight * often.tf * {gain} / (often.tf + {k1} * ({rest} + {b} * found.length / %s))) AS score,
    array_agg(asked.lexeme ORDER BY asked.weight DESC)
FROM found CROSS JOIN LATERAL unnest(found.words) AS word
JOIN asked ON asked.lexeme = word.lexeme
CROSS JOIN LATERAL (
    SELECT cardinality(word.positions) + 2.0 * cardinality(array_positions(word.weights, 'A')) AS tf
) often
GROUP BY found.id ORDER BY score DESC, found.id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class ByWords:
    """A passage and what of the question stands in it, the most telling first."""

    passage: int
    score: float
    matched: Sequence[str]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Passages, best first, and how much their order says: the share of the question that the best one holds, times how rare
    the rarest word of it there is. About 1 for one error code, about 0 for common words."""

    rows: Sequence[ByWords] = ()
    telling: float = 0.0


def ranked(question: str, scope: Scope, limit: int) -> Ranking:
    """The passages that share the most telling words with the question."""
    counted = Counted.objects.filter(pk=1).first()
    asked = _asked(question, counted.passages) if counted else {}
    if counted is None or not asked:
        return Ranking()
    condition, values = scope.condition()
    rank = _RANK.format(condition=condition, gain=K1 + 1, k1=K1, rest=1 - B, b=B)
    telling, weights = _telling(asked), [weight for weight, _ in asked.values()]
    rows: list[ByWords] = []
    for held in [telling] if len(telling) == len(asked) else [telling, list(asked)]:  # in a small scope the rarest may not stand
        query = " | ".join(_quoted(lexeme) for lexeme in held)
        with connection.cursor() as cursor:
            cursor.execute(rank, [list(asked), weights, query, *values, max(counted.average_length, 1.0), limit])
            rows = [ByWords(number, float(score), tuple(matched)) for number, score, matched in cursor.fetchall()]
        if rows:
            break
    return Ranking(rows, _how_telling(rows[0], asked, counted.passages) if rows else 0.0)


def _how_telling(best: ByWords, asked: dict[str, tuple[float, int]], passages: int) -> float:
    held = [asked[lexeme][0] for lexeme in best.matched]
    return sum(held) / sum(weight for weight, _ in asked.values()) * max(held) / math.log(1 + passages)


def _asked(question: str, passages: int) -> dict[str, tuple[float, int]]:
    """The lexemes of the question that stand anywhere: how much each says, and in how many passages it stands."""
    words = list(dict.fromkeys(opened(question).lower().split()))[:MOST_WORDS]
    exact = list(dict.fromkeys(identifiers(question)))[:MOST_WORDS]
    with connection.cursor() as cursor:
        cursor.execute(_LEXEMES, [words])
        found = {lexeme: (_says(known, passages), known) for _, lexeme, known in cursor.fetchall() if known}
        cursor.execute(_EXACT, [exact])
        found |= {lexeme: (IDENTIFIER_WEIGHS * _says(known, passages), known) for lexeme, known in cursor.fetchall()}
    return found


def _says(known: int, passages: int) -> float:
    """The inverse document frequency, which is never negative."""
    return math.log(1 + max(passages - known + 0.5, 0.5) / (known + 0.5))


def _telling(asked: dict[str, tuple[float, int]]) -> list[str]:
    """The rarest lexemes, as many as stand in few enough passages together."""
    telling: list[str] = []
    held = 0
    for lexeme, (_, passages) in sorted(asked.items(), key=lambda item: item[1][1]):
        if telling and held + passages > MOST_HELD:
            break
        telling.append(lexeme)
        held += passages
    return telling


def _quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
