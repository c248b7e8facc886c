"""An embedding endpoint for tests: real HTTP on loopback; a vector is made of the words of its text, always the same."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from knowledge.models import EmbeddingModel
from tests.agents.model_server import Asked, ModelServer, Mood

KEY = "key-of-the-endpoint-1234567890"


@contextmanager
def embedding_server(dimension: int) -> Iterator[ModelServer]:
    """A server that embeds with so many dimensions."""
    with ModelServer() as server:
        server.answering = lambda asked: embeds(asked, dimension)
        yield server


def embeds(asked: Asked, dimension: int) -> Mood:
    """The right answer, its rows in another order than they were asked in."""
    rows = [{"index": place, "embedding": vector(text, dimension)} for place, text in enumerate(asked.body["input"])]
    return answered(rows[::-1])


def answered(rows: Any) -> Mood:
    return Mood("document", text=json.dumps({"object": "list", "data": rows, "model": "x"}))


def vector(text: str, dimension: int) -> list[float]:
    """Not of length 1: that is whose who asks to see to."""
    found = [0.1] * dimension
    for word in text.lower().replace(".", " ").split():
        found[zlib.crc32(word.encode()) % dimension] += 3.0
    return found


def model_of(server: ModelServer, dimension: int, name: str = "scripted", **more: Any) -> EmbeddingModel:
    """The model at this server, not saved."""
    values = {"kind": "endpoint", "address": server.address, "private": True, "key": KEY, **more}
    return EmbeddingModel(name=name, dimension=dimension, **values)


def texts_of(server: ModelServer) -> list[str]:
    """Every text that was embedded, in order."""
    return [text for asked in server.asked for text in asked.body["input"]]
