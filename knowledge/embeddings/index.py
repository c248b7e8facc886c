"""The index of one model's vectors. It is made and dropped beside whoever searches and writes: nobody waits for it."""

from __future__ import annotations

from django.db import connection

from knowledge.models import EmbeddingModel

_MAKE = """
CREATE INDEX CONCURRENTLY {name} ON knowledge_vector
USING hnsw ((vector::vector({dimension})) vector_cosine_ops) WHERE model_id = {model}
"""
_STANDS = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"


def name_of(model: EmbeddingModel) -> str:
    """As migration 0002 names the first."""
    return f"vector_of_model_{int(model.pk)}"


def make(model: EmbeddingModel) -> None:
    """Make the index, outside any transaction. One that a killed maker left unfinished is made anew."""
    if _stands(model):
        return
    drop(model)
    with connection.cursor() as cursor:
        cursor.execute(_MAKE.format(name=name_of(model), dimension=int(model.dimension), model=int(model.pk)))


def drop(model: EmbeddingModel) -> None:
    """Drop the index, if there is one, outside any transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name_of(model)}")


def _stands(model: EmbeddingModel) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_STANDS, [name_of(model)])
        found = cursor.fetchone()
    return bool(found and found[0])
