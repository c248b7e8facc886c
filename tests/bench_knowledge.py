"""Measures the knowledge base: how fast it reads beside the bare model, how a filtered search answers beside the exact scan.

`make bench-knowledge` runs it; it fails where a figure is worse than it may be. Everything compared is compared in one run.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from knowledge import folders, indexing, ingest  # noqa: E402
from knowledge.embeddings import embedder_of  # noqa: E402
from knowledge.ingest import File  # noqa: E402
from knowledge.models import EmbeddingModel, Passage, Source  # noqa: E402
from knowledge.retrieval import Scope, search, vectors  # noqa: E402

DOCUMENTS, BYTES, LEAST_RATE = 1_000, 2_000, 0.8
PASSAGES, KEPT, ASKED, LIMIT = 50_000, 100, 60, 10
MOST_MILLISECONDS, LEAST_RECALL = 50.0, 0.99
CORPUS = Path(__file__).resolve().parent.parent / "knowledge" / "corpus" / "django"
WORDS = ["pod", "node", "volume", "queue", "worker", "beat", "migration", "lock", "table", "index"]
WORDS += ["probe", "limit", "memory", "cache", "session", "proxy", "route", "claim", "lease"]
_FILL = """
INSERT INTO knowledge_passage (document_id, position, headings, text, first_line, last_line, digest, scope, words, length)
SELECT %(document)s, n, '{}', body, n, n, md5(n::text), CASE WHEN n %% %(kept)s = 0 THEN 'application/1' ELSE 'application/2' END,
    to_tsvector('english', body), 12
FROM (SELECT n, 'w' || n %% 997 || ' w' || n %% 4999 || ' ' || (%(words)s::text[])[1 + n %% 19] || ' '
    || (%(words)s::text[])[1 + (n / 19) %% 19] || ' x' || n AS body FROM generate_series(1, %(rows)s) n) made;
"""
# Each is what two real ones have in common and a little noise: as near to each other as texts of one subject are.
_VECTORS = """
INSERT INTO knowledge_vector (model_id, passage_id, vector)
SELECT %(model)s, p.id, l2_normalize(one.vector * array_fill(0.7::real, ARRAY[384])::vector
    + other.vector * array_fill(0.3::real, ARRAY[384])::vector
    + (SELECT array_agg((random() - 0.5) * 0.1 + (p.id + d) * 0) FROM generate_series(1, 384) d)::vector)
FROM knowledge_passage p
JOIN real_vector one ON one.n = p.position %% %(real)s JOIN real_vector other ON other.n = p.position * 7919 %% %(real)s
WHERE p.document_id = %(document)s
"""
_REAL = """
CREATE TEMPORARY TABLE real_vector AS
SELECT row_number() OVER (ORDER BY passage_id) - 1 AS n, vector::vector(384) AS vector FROM knowledge_vector
"""


def main() -> int:
    """Measure both; return 1 when something is worse than it may be."""
    call_command("migrate", verbosity=0)
    good = [_reading(), _searching()]
    return 0 if all(good) else 1


def _reading() -> bool:
    """1,000 documents of 2 kB, read, cut, stored and embedded, beside the model alone on the same passages."""
    source = Source.objects.create(name="bench", kind=Source.Kind.FOLDER)
    files = [File(f"{number}.md", _written(number)) for number in range(DOCUMENTS)]
    took = _timed(lambda: ingest.refresh(source, files))
    texts = [indexing.spoken(passage) for passage in Passage.objects.select_related("document").order_by("pk")]
    model = embedder_of(EmbeddingModel.objects.get(pk=1))
    bare = _timed(lambda: [model.embed(texts[at : at + indexing.BATCH]) for at in range(0, len(texts), indexing.BATCH)])
    again = ingest.refresh(source, files)
    source.delete()
    ratio = bare / took
    print(f"read and embedded {DOCUMENTS / took:.1f} documents a second; the bare model {DOCUMENTS / bare:.1f}; ratio {ratio:.2f}")
    print(f"read again: {again.embedded} embedded")
    return ratio >= LEAST_RATE and again.embedded == 0


def _searching() -> bool:
    """A filter that keeps 1 % of 50,000 passages."""
    real = _real_vectors()
    source = Source.objects.create(name="scale", kind=Source.Kind.FOLDER)
    document = ingest.File("scale.txt", "scale")
    ingest.take(source, document)
    values: dict[str, Any] = {"document": source.documents.get().pk, "kept": KEPT, "words": WORDS, "rows": PASSAGES, "model": 1}
    values["real"] = real
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM knowledge_vector")
        cursor.execute("DELETE FROM knowledge_passage")
        cursor.execute("DROP INDEX vector_of_model_1")
        for statement in (_FILL, _VECTORS):
            cursor.execute(statement, values)
        cursor.execute(
            "CREATE INDEX vector_of_model_1 ON knowledge_vector USING hnsw ((vector::vector(384)) vector_cosine_ops)"
            " WHERE model_id = 1"
        )
        cursor.execute("VACUUM ANALYZE knowledge_passage")
        cursor.execute("VACUUM ANALYZE knowledge_vector")
    indexing.count_words()
    return all([_one_percent(), _half()])


def _real_vectors() -> int:
    """The vectors of the documents that come with Timonel, kept aside; how many."""
    corpus = Source.objects.create(name="corpus-of-bench", kind=Source.Kind.FOLDER)
    ingest.refresh(corpus, folders.files(CORPUS))
    with connection.cursor() as cursor:
        cursor.execute(_REAL)
        return int(cursor.rowcount)


def _one_percent() -> bool:
    scope = Scope(frozenset({"application/1"}))
    took, rows = [], set()
    for question in _questions():
        began = time.perf_counter()
        rows.add(len(search(question, scope, LIMIT)))
        took.append((time.perf_counter() - began) * 1000)
    recall, index, scan = _recall(scope)
    p95 = quantiles(took, n=20)[-1]
    print(f"1 % of {PASSAGES}: search p50 {median(took):.1f} ms, p95 {p95:.1f} ms; rows {sorted(rows)} of {LIMIT}")
    print(f"  vectors {index:.1f} ms, exact scan {scan:.1f} ms, recall@{LIMIT} {recall:.3f}")
    return p95 <= MOST_MILLISECONDS and rows == {LIMIT} and recall >= LEAST_RECALL


def _half() -> bool:
    """Where the filter keeps most, the index answers: shown beside the exact scan."""
    recall, index, scan = _recall(Scope(frozenset({"application/2"})))
    print(f"99 % of {PASSAGES}: vectors {index:.1f} ms, exact scan {scan:.1f} ms, recall@{LIMIT} {recall:.3f}")
    return True


def _recall(scope: Scope) -> tuple[float, float, float]:
    """The share of the exact scan's rows that were found, and the median milliseconds of both."""
    model = EmbeddingModel.objects.get(pk=1)
    embedder = embedder_of(model)
    shares, index, scan = list[float](), list[float](), list[float]()
    for question in _questions():
        asked = embedder.embed([question])[0]
        found = _clocked(index, partial(vectors.nearest, model, asked, scope, LIMIT))
        right = _clocked(scan, partial(vectors.exact, model, asked, scope, LIMIT))
        shares.append(len({one.passage for one in found} & {one.passage for one in right}) / len(right))
    return sum(shares) / len(shares), median(index), median(scan)


def _clocked(into: list[float], do: Callable[[], list[vectors.ByMeaning]]) -> list[vectors.ByMeaning]:
    began = time.perf_counter()
    found = do()
    into.append((time.perf_counter() - began) * 1000)
    return found


def _questions() -> list[str]:
    chance = random.Random(7)
    asked = ["why does the {} of the {} fail", "how to make the {} wait for the {}", "the {} is full and the {} restarts"]
    said = [chance.choice(asked).format(chance.choice(WORDS), chance.choice(WORDS)) for _ in range(ASKED)]
    return [f"w{chance.randrange(997)} {one}" for one in said]


def _written(number: int) -> str:
    chance = random.Random(number)
    text = f"# Document {number}\n\n"
    while len(text) < BYTES:
        text += " ".join(chance.choice(WORDS) for _ in range(12)).capitalize() + ".\n" + ("\n" if chance.random() < 0.3 else "")
    return text[:BYTES]


def _timed(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
