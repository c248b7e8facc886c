"""The sets that measure the search stay whole: they ask about every document of the corpus, and about none that is gone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CORPUS = ROOT / "knowledge/corpus/django"
DOCUMENTS = {path.relative_to(CORPUS).as_posix(): path.read_text(encoding="utf-8") for path in sorted(CORPUS.rglob("*.md"))}
ARTICLES = DOCUMENTS.keys() - {"README.md"}
SETS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "tests/evals/retrieval").glob("*.json"))}


@pytest.mark.parametrize("name", SETS)
def test_every_question_is_asked_once_and_of_a_document_that_is_there(name: str) -> None:
    rows = SETS[name]
    assert {row["document"] for row in rows} - ARTICLES == set()
    assert len({row["question"] for row in rows}) == len(rows)


def test_the_sets_are_large_enough_to_mean_something() -> None:
    kinds = [row["kind"] for row in SETS["questions"]]
    assert min(kinds.count(kind) for kind in ("meaning", "lines", "keywords")) >= 50
    assert len(SETS["exact"]) >= 50


def test_every_document_is_asked_for() -> None:
    assert ARTICLES - {row["document"] for rows in SETS.values() for row in rows} == set()


def test_the_index_names_every_document_and_every_link_leads_somewhere() -> None:
    named = set(re.findall(r"\]\(([^)\s]+)\)", DOCUMENTS["README.md"]))
    assert named == ARTICLES
    for path, text in DOCUMENTS.items():
        for target in re.findall(r"\]\(([^)#\s]+\.md)\)", text):
            assert ((CORPUS / path).parent / target).is_file(), f"{path}: {target} is not there"


@pytest.mark.parametrize("path", sorted(ARTICLES))
def test_a_document_is_short_enough_to_be_read_at_night(path: str) -> None:
    text = DOCUMENTS[path]
    assert text.startswith("# ")
    assert 150 <= len(text.split()) <= 600
