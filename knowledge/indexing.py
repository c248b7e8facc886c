"""Passages into the database: their words as it stems them, and what each means as a vector."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Avg, Count, Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from knowledge import words
from knowledge.chunking import Piece
from knowledge.embeddings import embedder_of
from knowledge.models import Counted, Document, EmbeddingModel, Passage, Source, Vector

TITLE_WEIGHS = 2  # a word of the title or a heading counts so many times (knowledge.retrieval.words)
BATCH = 256  # passages: enough that those of like length stand together (knowledge.embeddings.local)
_VECTORS = """
INSERT INTO knowledge_vector (model_id, passage_id, vector)
SELECT model.id, passage.id, made.vector::vector
FROM unnest(%s::bigint[], %s::text[]) AS made (id, vector)
JOIN knowledge_passage passage ON passage.id = made.id
JOIN knowledge_embeddingmodel model ON model.id = %s
FOR KEY SHARE OF passage, model
ON CONFLICT DO NOTHING
"""
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


def store(documents: Sequence[tuple[Document, Sequence[Piece]]], scope: str) -> None:
    """Write the documents' passages in place of those they had. What says the same under the same headings keeps its vectors."""
    with transaction.atomic():
        kept = _vectors([document for document, _ in documents])
        Passage.objects.filter(document__in=[document for document, _ in documents]).delete()
        new = [_passage(document, place, piece, scope) for document, pieces in documents for place, piece in enumerate(pieces)]
        made = Passage.objects.bulk_create(new, batch_size=1_000)
        for begin in range(0, len(made), 1_000):
            _write_words(made[begin : begin + 1_000])
        again = [(old, passage) for passage in made for old in kept.get((passage.document_id, passage.digest), ())]
        Vector.objects.bulk_create([Vector(model_id=old.model_id, passage=one, vector=old.vector) for old, one in again])


def lacking(model: EmbeddingModel, passages: QuerySet[Passage] | None = None) -> QuerySet[Passage]:
    """The passages that this model has no vector of."""
    rows = passages if passages is not None else Passage.objects.all()
    return rows.filter(~Exists(Vector.objects.filter(model=model, passage=OuterRef("pk"))))


def embed(
    model: EmbeddingModel,
    passages: QuerySet[Passage] | None = None,
    each: Callable[[], object] = lambda: None,
    most: int | None = None,
) -> int:
    """Make vectors that this model still lacks, `most` at most; return how many.

    No transaction is held while the model works, and every batch stays: whoever goes on embeds nothing twice. `each` is
    called before every batch; what it raises ends the work.
    """
    numbers = list(lacking(model, passages).order_by("pk").values_list("pk", flat=True)[:most])
    embedder = embedder_of(model) if numbers else None
    for begin in range(0, len(numbers), BATCH):
        each()
        batch = list(_readable(numbers[begin : begin + BATCH]))
        assert embedder is not None
        made = embedder.embed([spoken(passage) for passage in batch])
        with connection.cursor() as cursor:
            cursor.execute(_VECTORS, [[passage.pk for passage in batch], [str(vector) for vector in made], model.pk])
    return len(numbers)


def count_words() -> None:
    """Count in how many passages each word stands: what tells how much it says."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE knowledge_word IN SHARE ROW EXCLUSIVE MODE")  # two counts at once would both insert
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


def _readable(numbers: Sequence[int]) -> QuerySet[Passage]:
    """The passages as `spoken` needs them; the whole text of their documents stays where it is."""
    fields = ("text", "headings", "document__title")
    return Passage.objects.filter(pk__in=numbers).select_related("document").only(*fields).order_by("pk")


def _vectors(documents: Sequence[Document]) -> dict[tuple[int, str], list[Vector]]:
    """What is there, by document and digest: the first of several passages that say the same is enough."""
    found: dict[tuple[int, str], dict[int, Vector]] = {}
    rows = Vector.objects.filter(passage__document__in=documents).select_related("passage").defer("passage__words", "passage__text")
    for vector in rows:
        found.setdefault((vector.passage.document_id, vector.passage.digest), {})[vector.model_id] = vector
    return {said: list(of_models.values()) for said, of_models in found.items()}


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


def _write_words(passages: Sequence[Passage]) -> None:
    configurations = [words.CONFIGURATIONS[passage.document.language] for passage in passages]
    heads = [words.opened("\n".join([passage.document.title, *passage.headings])) for passage in passages]
    bodies = [words.opened(passage.text) for passage in passages]
    said = [words.identifiers(f"{passage.document.title}\n{passage.text}") for passage in passages]
    exact = [words.literal(dict.fromkeys(one)) for one in said]
    lengths = [TITLE_WEIGHS * head.count(" ") + body.count(" ") + 2 for head, body in zip(heads, bodies, strict=True)]
    columns: list[Any] = [[passage.pk for passage in passages], configurations, heads, bodies, exact, lengths]
    with connection.cursor() as cursor:
        cursor.execute(_WORDS, columns)
