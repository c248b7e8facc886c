"""An embedding endpoint in every mood: asked in batches, for no longer than its deadline, and believed nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

from controlplane.core.errors import DeadlineExceeded, OutsideError
from knowledge.embeddings.endpoint import BATCH, Endpoint, load
from tests.agents.model_server import ModelServer, Mood
from tests.knowledge.embedding_server import KEY, answered, embedding_server, embeds, model_of, texts_of, vector

DIMENSION = 6


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with embedding_server(DIMENSION) as running:
        yield running


def moods(server: ModelServer, *given: Mood) -> None:
    """These moods first, then the right answer."""
    waiting = list(given)
    server.answering = lambda asked: waiting.pop(0) if waiting else embeds(asked, DIMENSION)


def impatient(server: ModelServer, **more: Any) -> Endpoint:
    return Endpoint(model_of(server, DIMENSION, **more), seconds=2.0, question_seconds=1.0)


def test_texts_are_embedded_in_batches_and_come_back_in_order_with_length_one(server: ModelServer) -> None:
    texts = [f"text {number}" for number in range(BATCH + 3)]
    found = load(model_of(server, DIMENSION)).embed(texts)
    assert [len(asked.body["input"]) for asked in server.asked] == [BATCH, 3]
    assert texts_of(server) == texts
    for text, one in zip(texts, found, strict=True):
        right = vector(text, DIMENSION)
        assert one == pytest.approx([value / math.hypot(*right) for value in right])


def test_it_is_asked_for_its_model_with_its_key_and_told_nothing_else(server: ModelServer) -> None:
    load(model_of(server, DIMENSION, "embed-small")).embed(["x"])
    (asked,) = server.asked
    assert asked.path == "/v1/embeddings"
    assert asked.body == {"model": "embed-small", "input": ["x"], "encoding_format": "float"}
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert set(asked.headers) <= {
        "host", "accept", "accept-encoding", "connection", "user-agent", "authorization", "content-length", "content-type",
    }  # fmt: skip


def test_without_a_key_none_is_sent(server: ModelServer) -> None:
    load(model_of(server, DIMENSION, key=None)).embed(["x"])
    assert "authorization" not in server.asked[0].headers


def test_nothing_is_asked_for_no_text(server: ModelServer) -> None:
    assert load(model_of(server, DIMENSION)).embed([]) == []
    assert not server.asked


@pytest.mark.parametrize("status", [429, 500, 502, 503, 529])
def test_what_passes_is_asked_again_when_it_said(server: ModelServer, status: int) -> None:
    moods(server, Mood("status", status=status, retry_after="0"), Mood("drop"))
    assert len(impatient(server).embed(["a", "b"])) == 2
    assert len(server.asked) == 3


def test_a_wait_beyond_the_deadline_is_not_begun(server: ModelServer) -> None:
    moods(server, *[Mood("status", status=429, retry_after="3600")] * 9)
    with pytest.raises(OutsideError, match="answered 429") as caught:
        impatient(server).embed(["x"])
    assert len(server.asked) == 1
    assert caught.value.cure


def test_who_refuses_again_and_again_is_given_up(server: ModelServer) -> None:
    moods(server, *[Mood("status", status=503, retry_after="0")] * 99)
    with pytest.raises(OutsideError, match="answered 503"):
        impatient(server).embed(["x"])
    assert len(server.asked) == 5


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_is_not_repeated_and_says_how_to_mend_it(server: ModelServer, status: int) -> None:
    moods(server, Mood("status", status=status, text=f"your key {KEY} is wrong"))
    with pytest.raises(OutsideError, match=f"answered {status}") as caught:
        impatient(server).embed(["x"])
    assert caught.value.cure
    assert KEY not in str(caught.value)
    assert len(server.asked) == 1


@pytest.mark.parametrize("kind", ["stall", "drip", "drip_headers"])
def test_who_is_slow_is_waited_for_no_longer_than_the_deadline(server: ModelServer, kind: str) -> None:
    moods(server, *[Mood(kind)] * 9)
    with pytest.raises(DeadlineExceeded, match="did not answer in time"):
        impatient(server).embed(["x"])
    assert len(server.asked) == 1


@pytest.mark.parametrize("kind", ["huge", "huge_error", "nonsense", "compressed", "redirect", "say"])
def test_what_is_no_answer_is_refused(server: ModelServer, kind: str) -> None:
    moods(server, *[Mood(kind, text="x")] * 9)
    with pytest.raises(OutsideError):
        impatient(server).embed(["a", "b"])


NUMBERS = [1.0] * DIMENSION
WRONG: dict[str, Any] = {
    "a row too few": [{"index": 0, "embedding": NUMBERS}],
    "a row too many": [{"index": place, "embedding": NUMBERS} for place in range(3)],
    "the same row twice": [{"index": 0, "embedding": NUMBERS}] * 2,
    "no vector": [{"index": place, "embedding": "AAAA"} for place in range(2)],
    "no number": [{"index": place, "embedding": [float("nan")] * DIMENSION} for place in range(2)],
    "too large a number": [{"index": place, "embedding": [1e308] * DIMENSION} for place in range(2)],
    "no direction": [{"index": place, "embedding": [0.0] * DIMENSION} for place in range(2)],
    "no rows": None,
    "rows of nothing": [None, None],
}


@pytest.mark.parametrize("rows", WRONG.values(), ids=WRONG.keys())
def test_what_are_no_vectors_of_what_was_asked_is_refused(server: ModelServer, rows: Any) -> None:
    moods(server, answered(rows))
    with pytest.raises(OutsideError) as caught:
        impatient(server).embed(["a", "b"])
    assert caught.value.cure


def test_another_dimension_is_refused_and_named(server: ModelServer) -> None:
    with pytest.raises(OutsideError, match="6 dimensions, and 7 were expected") as caught:
        load(model_of(server, 7)).embed(["x"])
    assert "dimension 6" in caught.value.cure


def test_an_address_of_this_machine_is_not_asked_unless_it_is_ours(server: ModelServer) -> None:
    with pytest.raises(OutsideError, match="not asked"):
        load(model_of(server, DIMENSION, private=False)).embed(["x"])
    assert not server.asked
