"""On the product's own sets the search finds better than words alone and than vectors alone, and every exact code first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from knowledge import folders, ingest
from knowledge.evaluation import Question, measure
from knowledge.models import Source
from knowledge.retrieval import Scope
from tests.evals.test_sets import CORPUS, SETS

pytestmark = [pytest.mark.exhaustive, pytest.mark.django_db, pytest.mark.timeout(1_800)]
BETTER = 1.05  # than the better of both


@pytest.fixture
def scope() -> Iterator[Scope]:
    source = Source.objects.create(name="evaluated", kind=Source.Kind.FOLDER, location=str(CORPUS), scope="environment/0")
    ingest.refresh(source, folders.files(CORPUS))
    yield Scope(frozenset({source.scope}), frozenset({source.pk}))


def asked(name: str) -> list[Question]:
    return [Question(row["question"], row["document"]) for row in SETS[name]]


def test_both_together_find_better_than_either_and_an_exact_code_is_always_first(scope: Scope) -> None:
    found = measure(asked("questions"), scope)
    alone = max(found["words"].ndcg_10, found["vectors"].ndcg_10)
    assert found["fused"].ndcg_10 >= BETTER * alone, found
    assert measure(asked("exact"), scope)["fused"].recall_1 == 1.0
