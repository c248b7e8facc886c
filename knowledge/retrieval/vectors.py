"""By meaning: the cosine of vectors. Exact where few passages are looked into; otherwise the index, which loses no row.

An HNSW index looks at the nearest and filters afterwards; where the filter keeps few, it may give up early. So a search of
few passages compares them all, and one that the index answered with too few rows is answered by comparing.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction

from knowledge.models import EmbeddingModel
from knowledge.retrieval.found import Scope

EXACT_UP_TO = 5_000  # passages
_FEW = "SELECT count(*) FROM (SELECT 1 FROM knowledge_passage WHERE {condition} LIMIT %s) few"
_NEAREST = """
SELECT knowledge_vector.passage_id, 1 - (knowledge_vector.vector::vector({dimension}) <=> %s::vector({dimension})) AS similarity
FROM knowledge_vector JOIN knowledge_passage ON knowledge_passage.id = knowledge_vector.passage_id
WHERE knowledge_vector.model_id = {model} AND {condition}
ORDER BY knowledge_vector.vector::vector({dimension}) <=> %s::vector({dimension}) LIMIT %s
"""
_BY_INDEX = ("SET LOCAL hnsw.iterative_scan = strict_order", "SET LOCAL hnsw.ef_search = 100")
_BY_COMPARING = ("SET LOCAL enable_indexscan = off",)


@dataclass(frozen=True, slots=True)
class ByMeaning:
    """A passage and the cosine of its vector with the question's."""

    passage: int
    similarity: float


def nearest(model: EmbeddingModel, question: list[float], scope: Scope, limit: int) -> list[ByMeaning]:
    """The passages nearest to the question: as many as were asked for, or as there are."""
    if _few(scope):
        return exact(model, question, scope, limit)
    found = _ask(model, question, scope, limit, _BY_INDEX)
    return found if len(found) == limit else exact(model, question, scope, limit)


def exact(model: EmbeddingModel, question: list[float], scope: Scope, limit: int) -> list[ByMeaning]:
    """The same by comparing with every passage."""
    return _ask(model, question, scope, limit, _BY_COMPARING)


def _few(scope: Scope) -> bool:
    condition, values = scope.condition()
    with connection.cursor() as cursor:
        cursor.execute(_FEW.format(condition=condition), [*values, EXACT_UP_TO + 1])
        return int(cursor.fetchone()[0]) <= EXACT_UP_TO


def _ask(model: EmbeddingModel, question: list[float], scope: Scope, limit: int, settings: tuple[str, ...]) -> list[ByMeaning]:
    condition, values = scope.condition()
    statement = _NEAREST.format(dimension=int(model.dimension), model=int(model.pk), condition=condition)
    with transaction.atomic(), connection.cursor() as cursor:
        for setting in settings:
            cursor.execute(setting)
        cursor.execute(statement, [str(question), *values, str(question), limit])
        return [ByMeaning(number, float(similarity)) for number, similarity in cursor.fetchall()]
