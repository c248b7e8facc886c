"""`manage.py evaluate_retrieval QUESTIONS.json`: how well the search finds."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.management.base import BaseCommand, CommandError

from knowledge import folders, indexing, ingest
from knowledge.evaluation import Question, measure
from knowledge.models import Source
from knowledge.retrieval import Scope


class Command(BaseCommand):
    """Asks every question by words, by vectors and by both; prints recall@1, recall@5 and nDCG@10 side by side."""

    help = "Measures the search with questions: a JSON list of {question, document}."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which questions, of which documents."""
        parser.add_argument(
            "questions", type=Path, help="a JSON list of objects with `question` and `document`, a path in the source"
        )
        parser.add_argument("--source", type=Path, help="a folder to index for this only; otherwise what everyone may find")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *, questions: Path, source: Path | None, json: bool, **_: Any) -> None:
        """Read, index where asked to, measure, print."""
        asked = _read(questions)
        if source is None:
            self._print(asked, Scope(), json)
            return
        with _indexed(source) as scope:
            self._print(asked, scope, json)

    def _print(self, asked: list[Question], scope: Scope, as_json: bool) -> None:
        found = measure(asked, scope)
        if as_json:
            self.stdout.write(json.dumps({way: figures.as_json() for way, figures in found.items()}))
            return
        self.stdout.write(f"{len(asked)} questions\n{'':10}{'recall@1':>10}{'recall@5':>10}{'nDCG@10':>10}")
        for way, figures in found.items():
            self.stdout.write(f"{way:10}{figures.recall_1:10.3f}{figures.recall_5:10.3f}{figures.ndcg_10:10.3f}")


@contextmanager
def _indexed(folder: Path) -> Iterator[Scope]:
    """A source of this folder that nobody else finds, as long as it is asked."""
    if not folder.is_dir():
        raise CommandError(f"There is no folder {folder}.")
    name = f"evaluation-{uuid4().hex[:12]}"
    source = Source.objects.create(name=name, kind=Source.Kind.FOLDER, location=str(folder), scope="environment/0", enabled=False)
    try:
        ingest.refresh(source, folders.files(folder))
        yield Scope(frozenset({source.scope}), frozenset({source.pk}))
    finally:
        source.delete()
        indexing.count_words()


def _read(path: Path) -> list[Question]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [Question(str(row["question"]), str(row["document"])) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f'{path} cannot be read as [{{"question": ..., "document": ...}}, ...]: {error}') from error
