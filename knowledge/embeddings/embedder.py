"""What makes vectors, whichever model is behind it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Protocol

from knowledge.models import EmbeddingModel

Rows = list[list[float]]


class Embedder(Protocol):
    """A model that has been loaded."""

    def embed(self, texts: Sequence[str]) -> Rows:
        """A vector of length 1 for each text, in order. Raises OutsideError when the model does not answer."""


def embedder_of(model: EmbeddingModel) -> Embedder:
    """The embedder of this model. Its module is imported here, so that whoever never embeds loads no runtime."""
    made: Embedder = import_module(f"knowledge.embeddings.{model.kind}").load(model)
    return made
