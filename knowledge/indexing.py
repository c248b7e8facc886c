"""Passages into the database: their words as it stems them, and what each means as a vector."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Avg, Count, Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from knowledge import words
from knowledge.chunking import Piece
from knowledge.embeddings import embedder_of
from knowledge.models import Counted, Document, EmbeddingModel, Passage, Source, Vector

TITLE_WEIGHS = 2  # a word of the title or a heading counts so many times (knowledge.retrieval.words)
BATCH = 64
_WORDS = """
UPDATE knowledge_passage SET words = made.words, length = made.length FROM (
    SELECT id, setweight(to_tsvector(configuration::regconfig, heads), 'A')
        || to_tsvector(configuration::regconfig, body) || exact::tsvector AS words, length
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[])
        AS given (id, configuration, heads, body, exact, length)
) made WHERE knowledge_passage.id = made.id
"""
_COUNT = """
INSERT INTO knowledge_word (lexeme, passages)
SELECT word, ndoc FROM ts_stat('SELECT words FROM knowledge_passage')
"""


def store(document: Document, pieces: Sequence[Piece], scope: str) -> None:
    """Write the document's passages in place of those it had. One that says the same under the same headings keeps its vector."""
    with transaction.atomic():
        kept = {vector.passage.digest: vector for vector in _vectors(document)}
        document.passages.all().delete()
        made = Passage.objects.bulk_create([_passage(document, place, piece, scope) for place, piece in enumerate(pieces)])
        _write_words(document, made)
        again = [(kept[passage.digest], passage) for passage in made if passage.digest in kept]
        Vector.objects.bulk_create([Vector(model_id=old.model_id, passage=new, vector=old.vector) for old, new in again])


def embed(model: EmbeddingModel, passages: QuerySet[Passage] | None = None) -> int:
    """Make the vectors that this model still lacks; return how many. No transaction is held while the model works."""
    rows = passages if passages is not None else Passage.objects.all()
    mine = Vector.objects.filter(model=model, passage=OuterRef("pk"))
    lacking = list(rows.filter(~Exists(mine)).order_by("pk").values_list("pk", flat=True))
    embedder = embedder_of(model)
    for begin in range(0, len(lacking), BATCH):
        batch = list(Passage.objects.filter(pk__in=lacking[begin : begin + BATCH]).select_related("document"))
        made = embedder.embed([spoken(passage) for passage in batch])
        rows_made = [Vector(model=model, passage=passage, vector=vector) for passage, vector in zip(batch, made, strict=True)]
        Vector.objects.bulk_create(rows_made, ignore_conflicts=True)
    return len(lacking)


def count_words() -> None:
    """Count in how many passages each word stands: what tells how much it says."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM knowledge_word")
        cursor.execute(_COUNT)
        counted = Passage.objects.aggregate(passages=Count("pk"), average_length=Coalesce(Avg("length"), 1.0))
        Counted.objects.update_or_create(pk=1, defaults=counted)


def uncounted(source: Source) -> bool:
    """Whether a document of the source came in after the last count."""
    counted = Counted.objects.filter(pk=1).first()
    return counted is None or source.documents.filter(changed_at__gt=counted.counted_at).exists()


def spoken(passage: Passage) -> str:
    """The passage as a model reads it: under its title and headings, identifiers as words."""
    heads = [passage.document.title, *(head for head in passage.headings if head != passage.document.title)]
    return f"{words.HUMP.sub(' ', '. '.join(heads))}. {passage.text}"


def _vectors(document: Document) -> QuerySet[Vector]:
    return Vector.objects.filter(passage__document=document).select_related("passage")


def _passage(document: Document, place: int, piece: Piece, scope: str) -> Passage:
    said = "\n".join([document.title, *piece.headings, piece.text])
    return Passage(
        document=document,
        position=place,
        headings=list(piece.headings),
        text=piece.text,
        first_line=piece.first,
        last_line=piece.last,
        digest=hashlib.sha256(said.encode()).hexdigest(),
        scope=scope,
        words="",
        length=0,
    )


def _write_words(document: Document, passages: Sequence[Passage]) -> None:
    configuration = words.CONFIGURATIONS[document.language]
    heads = [words.opened("\n".join([document.title, *passage.headings])) for passage in passages]
    bodies = [words.opened(passage.text) for passage in passages]
    exact = [words.literal(dict.fromkeys(words.identifiers(f"{document.title}\n{passage.text}"))) for passage in passages]
    lengths = [TITLE_WEIGHS * head.count(" ") + body.count(" ") + 2 for head, body in zip(heads, bodies, strict=True)]
    columns: list[Any] = [[passage.pk for passage in passages], [configuration] * len(passages), heads, bodies, exact, lengths]
    with connection.cursor() as cursor:
        cursor.execute(_WORDS, columns)
