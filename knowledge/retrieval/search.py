"""The search: words and meaning together, what is said twice folded, every passage with its source and why."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Literal

from django.db.models import QuerySet

from controlplane.core.errors import TimonelError
from controlplane.core.plain import storable
from knowledge import ages
from knowledge.embeddings import embedder_of
from knowledge.models import EmbeddingModel, Passage
from knowledge.retrieval import vectors, words
from knowledge.retrieval.found import Elsewhere, Found, Scope
from knowledge.retrieval.fusion import fused
from knowledge.retrieval.vectors import ByMeaning
from knowledge.retrieval.words import ByWords, Ranking
from knowledge.words import HUMP, opened, said

log = logging.getLogger(__name__)
By = Literal["words", "vectors", "fused"]
POOL = 60  # passages that each way of looking brings
LONGEST_QUESTION, MOST = 2_000, 100


def search(question: str, scope: Scope, limit: int = 10, by: By = "fused") -> list[Found]:
    """The passages that answer the question best, at most `limit`, best first. Where the model is away, words alone find."""
    question = said(storable(question).strip()[:LONGEST_QUESTION])
    limit = max(1, min(limit, MOST))
    if not question:
        return []
    pool = max(POOL, limit)
    by_words = words.ranked(question, scope, pool) if by != "vectors" else Ranking()
    by_meaning = _by_meaning(question, scope, pool) if by != "words" else []
    best = _best(question, by_words, by_meaning)[:pool]
    of_words = {one.passage: (rank, one) for rank, one in enumerate(by_words.rows, 1)}
    of_meaning = {one.passage: (rank, one) for rank, one in enumerate(by_meaning, 1)}
    found: list[Found] = []
    for begin in range(0, len(best), 2 * limit):  # more than a part is read only where much is said twice
        part = best[begin : begin + 2 * limit]
        rows = _readable().in_bulk([number for number, _ in part])
        found += [_one(rows[pk], score, of_words.get(pk), of_meaning.get(pk)) for pk, score in part if pk in rows]
        found = _fold(found)
        if len(found) >= limit:
            break
    return found[:limit]


def _readable() -> QuerySet[Passage]:
    return Passage.objects.select_related("document__source").defer("words", "document__text", "document__source__key")


def _by_meaning(question: str, scope: Scope, limit: int) -> list[ByMeaning]:
    """The nearest passages; none where no model answers."""
    model = EmbeddingModel.objects.filter(status=EmbeddingModel.Status.ACTIVE).first()
    if model is None:
        return []
    try:
        asked = embedder_of(model).embed([HUMP.sub(" ", question)])[0]
    except TimonelError as error:  # a model that is away makes a search poorer, not impossible
        log.warning("%s did not embed a question: %s", model, error)
        return []
    return vectors.nearest(model, asked, scope, limit)


def _best(question: str, by_words: Ranking, by_meaning: Sequence[ByMeaning]) -> list[tuple[int, float]]:
    """The passages, best first, each with its score."""
    numbers = {*(one.passage for one in by_words.rows), *(one.passage for one in by_meaning)}
    scores = fused(
        [(one.passage, one.score) for one in by_words.rows],
        [(one.passage, one.similarity) for one in by_meaning],
        _by_heads(question, numbers) if by_words.rows and by_meaning else [],
        by_words.telling,
    )
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def _by_heads(question: str, passages: Collection[int]) -> list[int]:
    """The passages whose title is said by the question, by the share of the title's words; none is not ranked."""
    asked = set(opened(question).lower().split())
    shares = []
    for number, name in Passage.objects.filter(pk__in=passages).order_by().values_list("pk", "document__title"):
        title = set(opened(name).lower().split())
        if title & asked:
            shares.append((-len(title & asked) / len(title), number))
    return [number for _, number in sorted(shares)]


def _one(passage: Passage, score: float, by_words: tuple[int, ByWords] | None, by_meaning: tuple[int, ByMeaning] | None) -> Found:
    document, source = passage.document, passage.document.source
    return Found(
        passage=passage.pk,
        document=document.pk,
        source=source.name,
        path=document.path,
        title=document.title,
        headings=tuple(passage.headings),
        first_line=passage.first_line,
        last_line=passage.last_line,
        text=passage.text,
        language=document.language,
        revision=document.revision or source.revision,
        written_at=document.written_at,
        changed_at=document.changed_at,
        refreshed_at=source.refreshed_at,
        stale=ages.stale(source),
        score=score,
        words_rank=by_words[0] if by_words else None,
        meaning_rank=by_meaning[0] if by_meaning else None,
        similarity=by_meaning[1].similarity if by_meaning else None,
        matched=by_words[1].matched if by_words else (),
    )


def _fold(found: Sequence[Found]) -> list[Found]:
    """What is said twice once, with the other places named."""
    first: dict[str, Found] = {}
    for one in found:
        text = " ".join(one.text.split())
        if text in first:
            kept = first[text]
            place = Elsewhere(one.document, one.source, one.path, one.first_line, one.last_line)
            first[text] = replace(kept, also=(*kept.also, place))
        else:
            first[text] = one
    return list(first.values())
