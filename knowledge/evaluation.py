"""How well the search finds: questions with the document that answers each, by words, by meaning and by both."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from knowledge.retrieval import Scope, search
from knowledge.retrieval.search import MOST, By

WAYS: tuple[By, ...] = get_args(By)


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and the path of the document that answers it."""

    question: str
    document: str


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of one way of looking. Sources: recall and nDCG as in TREC, one relevant document a question."""

    recall_1: float
    recall_5: float
    ndcg_10: float

    def as_json(self) -> dict[str, float]:
        """By the names that are usual."""
        return {"recall@1": self.recall_1, "recall@5": self.recall_5, "ndcg@10": self.ndcg_10}


def measure(questions: Sequence[Question], scope: Scope) -> Mapping[By, Measured]:
    """Ask every question in every way."""
    return {way: summed([rank_of(one, scope, way) for one in questions]) for way in WAYS}


def rank_of(question: Question, scope: Scope, way: By) -> int | None:
    """The rank of the document among the documents found, from 1; None when it was not found."""
    paths = list(dict.fromkeys(found.path for found in search(question.question, scope, MOST, way)))
    return paths.index(question.document) + 1 if question.document in paths else None


def summed(ranks: Sequence[int | None]) -> Measured:
    """The figures of these ranks."""
    count = max(len(ranks), 1)
    found = [rank for rank in ranks if rank is not None]
    return Measured(
        recall_1=sum(rank == 1 for rank in found) / count,
        recall_5=sum(rank <= 5 for rank in found) / count,
        ndcg_10=sum(1 / math.log2(rank + 1) for rank in found if rank <= 10) / count,
    )
