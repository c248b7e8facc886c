"""Text as vectors: on this machine without any network, or by an OpenAI-compatible endpoint. Loaded when first asked.

`vocabulary.txt` is the word list of all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0), which is that of BERT uncased.
"""

from knowledge.embeddings.embedder import Embedder, embedder_of

__all__ = ["Embedder", "embedder_of"]
