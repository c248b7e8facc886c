"""Files into documents: what changed is cut and indexed again, what is gone disappears, what cannot be read is said."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from controlplane.core.errors import TimonelError
from controlplane.core.plain import storable
from controlplane.core.redaction import redact
from knowledge import indexing, words
from knowledge.chunking import Piece, read
from knowledge.chunking.unseen import without_unseen
from knowledge.models import Document, EmbeddingModel, Passage, Skipped, Source

log = logging.getLogger(__name__)
TOGETHER, CHARACTERS = 100, 1_000_000  # files, and what they hold, that are stored in one transaction
LONGEST_PATH = 500  # characters
READER = "2"  # of how documents are read: another one reads every document again
_RESCOPE = """
UPDATE knowledge_passage SET scope = source.scope
FROM knowledge_document document JOIN knowledge_source source ON source.id = document.source_id
WHERE knowledge_passage.document_id = document.id AND source.id = %s AND knowledge_passage.scope <> source.scope
"""


@dataclass(frozen=True, slots=True)
class File:
    """One file as a reader hands it over: its text, or in `skipped` why there is none."""

    path: str
    text: str = ""
    skipped: str = ""
    revision: str = ""
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did."""

    read: int
    changed: int
    removed: int
    embedded: int
    skipped: tuple[Skipped, ...]


def _nothing() -> None:
    """What is called between batches where nobody asked for it."""


def refresh(
    source: Source, files: Iterable[File], revision: str = "", *, whole: bool = True, each: Callable[[], object] = _nothing
) -> Refreshed:
    """Bring the source's documents to what these files say. `whole`: all files are given, so what is not among them is gone.

    `each` is called between batches of the work that follows the reading of the files.
    """
    seen: set[str] = set()
    skipped: list[Skipped] = []
    changed = 0
    for together in _together(files):
        seen.update(file.path for file in together)
        skipped += [Skipped(source=source, path=file.path[:LONGEST_PATH], reason=_why(file)) for file in together if _why(file)]
        changed += _take(source, [file for file in together if not _why(file)])
    removed = source.documents.exclude(path__in=seen).delete()[1].get("knowledge.Document", 0) if whole else 0
    with transaction.atomic():
        rescope(source)
        source.skipped.all().delete()
        Skipped.objects.bulk_create(skipped)
        Source.objects.filter(pk=source.pk).update(refreshed_at=timezone.now(), revision=revision[:100])
    if changed or removed or indexing.uncounted(source):
        indexing.count_words()
    return Refreshed(len(seen), changed, removed, embed(source, each), tuple(skipped))


def take(source: Source, file: File) -> bool:
    """Store one file; False when it says what it said before."""
    return bool(_take(source, [file]))


def rescope(source: Source) -> None:
    """Have the source's passages be found where the source says now; belongs into the transaction that changes its scope."""
    with connection.cursor() as cursor:
        cursor.execute(_RESCOPE, [source.pk])


def embed(source: Source, each: Callable[[], object] = _nothing) -> int:
    """Make the vectors that the source's passages lack, for every model in use; return how many.

    Raises OutsideError where the active model does not answer. One that is building is asked again by who builds it.
    """
    passages = Passage.objects.filter(document__source=source)
    made = 0
    for model in EmbeddingModel.objects.exclude(status=EmbeddingModel.Status.RETIRED).order_by("status"):
        try:
            made += indexing.embed(model, passages, each)
        except TimonelError as error:
            if model.status == EmbeddingModel.Status.ACTIVE:
                raise
            log.warning("%s is being built and did not embed %s: %s", model, source, error)
    return made


def _together(files: Iterable[File]) -> Iterator[list[File]]:
    """The files in batches, none of which is large."""
    held: list[File] = []
    size = 0
    for file in files:
        if held and (len(held) == TOGETHER or size + len(file.text) > CHARACTERS):
            yield held
            held, size = [], 0
        held.append(file)
        size += len(file.text)
    if held:
        yield held


def _why(file: File) -> str:
    """Why this file is not stored, or nothing."""
    return file.skipped[:300] or ("Its path is too long." if len(file.path) > LONGEST_PATH else "")


def _take(source: Source, files: Sequence[File]) -> int:
    """Store those of the files that say something new; return how many."""
    known = dict(source.documents.filter(path__in=[file.path for file in files]).values_list("path", "sha256"))
    given = [(file, redact(without_unseen(storable(file.text)))) for file in {file.path: file for file in files}.values()]
    news = [(file, text) for file, text in given if known.get(file.path) != _digest(text)]
    read_of = [(file, text, read(file.path, text)) for file, text in news]
    with transaction.atomic():
        made = [_document(source, file, text, found.title) for file, text, found in read_of]
        fields = ["title", "language", "sha256", "revision", "size", "text", "changed_at", "written_at"]
        stored = Document.objects.bulk_create(made, update_conflicts=True, unique_fields=["source", "path"], update_fields=fields)
        pieces = [[_clean(piece) for piece in found.pieces] for _, _, found in read_of]
        indexing.store(list(zip(stored, pieces, strict=True)), _scope_of(source))
    return len(news)


def _document(source: Source, file: File, text: str, title: str) -> Document:
    return Document(
        source=source,
        path=file.path,
        title=redact(title),
        language=words.language(text),
        sha256=_digest(text),
        revision=file.revision[:100],
        size=len(text.encode()),
        text=text,
        changed_at=timezone.now(),
        written_at=file.written_at,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(f"{READER}\n{text}".encode()).hexdigest()


def _clean(piece: Piece) -> Piece:
    """Redacted again: what its format held apart (tags, entities) stands together now."""
    headings = tuple(redact(heading)[:300] for heading in piece.headings)
    return Piece(redact(piece.text), headings, piece.first, piece.last)


def _scope_of(source: Source) -> str:
    """As it is now, and stays until these documents are stored: whoever narrows it meanwhile must find every passage."""
    return Source.objects.select_for_update(no_key=True).values_list("scope", flat=True).get(pk=source.pk)
