"""Finding passages: by words, by meaning, and by both; each with its source, its scores and why.

`search` is the way in. `words` is Okapi BM25 over PostgreSQL's full text, `vectors` the cosine of embeddings, `fusion` pure.
"""

from knowledge.retrieval.found import Found, Scope
from knowledge.retrieval.search import search

__all__ = ["Found", "Scope", "search"]
