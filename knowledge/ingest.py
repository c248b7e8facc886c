"""Files into documents: what changed is cut and indexed again, what is gone disappears, what cannot be read is said."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from controlplane.core.redaction import redact
from knowledge import indexing, words
from knowledge.chunking import read
from knowledge.models import Document, EmbeddingModel, Passage, Skipped, Source


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


def refresh(source: Source, files: Iterable[File], revision: str = "", *, whole: bool = True) -> Refreshed:
    """Bring the source's documents to what these files say. `whole`: all files are given, so what is not among them is gone."""
    seen: set[str] = set()
    skipped: list[Skipped] = []
    changed = 0
    for file in files:
        seen.add(file.path)
        if file.skipped:
            skipped.append(Skipped(source=source, path=file.path[:500], reason=file.skipped[:300]))
        else:
            changed += take(source, file)
    removed = source.documents.exclude(path__in=seen).delete()[1].get("knowledge.Document", 0) if whole else 0
    with transaction.atomic():
        source.skipped.all().delete()
        Skipped.objects.bulk_create(skipped)
        Source.objects.filter(pk=source.pk).update(refreshed_at=timezone.now(), revision=revision[:100])
    if changed or removed or indexing.uncounted(source):
        indexing.count_words()
    return Refreshed(len(seen), changed, removed, embed(source), tuple(skipped))


def take(source: Source, file: File) -> bool:
    """Store one file; False when it says what it said before."""
    text = redact(file.text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    with transaction.atomic():
        known = Document.objects.filter(source=source, path=file.path).first()
        if known is not None and known.sha256 == digest:
            return False
        found = read(file.path, text)
        values = {
            "title": found.title,
            "language": words.language(text),
            "sha256": digest,
            "revision": file.revision[:100],
            "size": len(text.encode()),
            "text": text,
            "changed_at": timezone.now(),
            "written_at": file.written_at,
        }
        document, _ = Document.objects.update_or_create(source=source, path=file.path, defaults=values)
        indexing.store(document, found.pieces, _scope_of(source))
    return True


def _scope_of(source: Source) -> str:
    """As it is now, and stays until this document is stored: whoever narrows it meanwhile must find every passage."""
    return Source.objects.select_for_update(no_key=True).values_list("scope", flat=True).get(pk=source.pk)


def embed(source: Source) -> int:
    """Make the vectors that the source's passages lack, for every model in use; return how many."""
    models = EmbeddingModel.objects.exclude(status=EmbeddingModel.Status.RETIRED)
    return sum(indexing.embed(model, Passage.objects.filter(document__source=source)) for model in models)
