"""An OpenAI-compatible `/embeddings` endpoint, asked through Timonel's guarded client and believed nothing.

An answer is read up to a limit, counted, held against the dimension, and brought to length 1. What is worth trying again is
tried again as long as the deadline lasts; a question that somebody waits for has a short one.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from controlplane.core import outward
from controlplane.core.errors import DeadlineExceeded, Invalid, OutsideError
from controlplane.core.retrying import retry_after
from controlplane.core.watch import Watch
from knowledge.models import EmbeddingModel

BATCH = 64  # texts of one request
LONGEST = 8_000  # characters of a text: within what such models read
LARGEST = 16_000_000  # bytes of an answer
QUESTION_SECONDS, SECONDS = 5.0, 60.0  # of one text, that somebody waits for; of a batch
WAITS = (0.5, 1.0, 2.0, 4.0)  # seconds before another try, where the endpoint does not tell
AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
LOOK = "Look at the embedding model: its address, its name there, its key."


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The endpoint of one model."""

    model: EmbeddingModel
    seconds: float = SECONDS
    question_seconds: float = QUESTION_SECONDS

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """In batches, one request after the other. Raises OutsideError, with what would mend it."""
        batches = [texts[begin : begin + BATCH] for begin in range(0, len(texts), BATCH)]
        return [vector for batch in batches for vector in self._batch(batch)]

    def _batch(self, texts: Sequence[str]) -> list[list[float]]:
        deadline = time.monotonic() + (self.question_seconds if len(texts) == 1 else self.seconds)
        body = {"model": self.model.name, "input": [text[:LONGEST] or " " for text in texts], "encoding_format": "float"}
        for wait in (*WAITS, None):
            try:
                return vectors(self._ask(body, deadline), len(texts), self.model.dimension)
            except _Later as later:
                pause = later.seconds if later.seconds is not None else wait
                if wait is None or pause is None or time.monotonic() + pause >= deadline:
                    raise later.error from later.__cause__
                time.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def _ask(self, body: dict[str, Any], deadline: float) -> bytes:
        left = max(0.1, deadline - time.monotonic())
        with Watch(left) as watch:
            try:
                with outward.client(timeout=left, private=self.model.private) as client:
                    content = self._answer(client, body, watch)
                if watch.over:  # a body without a length ends where it was cut
                    raise self._late()
                return content
            except Invalid as error:
                raise OutsideError(f"{self.model.name} is not asked: {error.message}", cure=error.cure) from error
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
                if watch.over or isinstance(error, httpx.TimeoutException):
                    raise self._late() from error
                raise _Later(OutsideError(f"{self.model.name} could not be reached.", cure=LOOK), None) from error

    def _answer(self, client: httpx.Client, body: dict[str, Any], watch: Watch) -> bytes:
        address = f"{self.model.address.rstrip('/')}/embeddings"
        headers = {"Accept-Encoding": "identity", "User-Agent": "timonel"}
        if self.model.key:
            headers["Authorization"] = f"Bearer {self.model.key}"
        with client.stream("POST", address, json=body, headers=headers, extensions={"trace": watch.follow}) as answer:
            if answer.status_code != httpx.codes.OK:
                raise self._refused(answer)
            if answer.headers.get("content-encoding", "identity").lower() != "identity":
                raise OutsideError(f"{self.model.name} answered compressed, which it was not asked to.", cure=LOOK)
            content = bytearray()
            for part in answer.iter_raw():
                content += part
                if len(content) > LARGEST:
                    raise OutsideError(f"{self.model.name} answered more than vectors can be.", cure=LOOK)
            return bytes(content)

    def _late(self) -> DeadlineExceeded:
        return DeadlineExceeded(f"{self.model.name} did not answer in time.", cure="See whether it is well.")

    def _refused(self, answer: httpx.Response) -> Exception:
        """What a refusal means. Its text is not repeated: it may hold what was asked, or the key."""
        status = answer.status_code
        cures = {401: "Give its key anew.", 403: "Give a key that may embed.", 404: LOOK, 429: "Wait, or raise its limit there."}
        error = OutsideError(f"{self.model.name} answered {status}.", cure=cures.get(status, LOOK))
        return _Later(error, retry_after(answer.headers.get("retry-after", ""))) if status in AGAIN else error


class _Later(Exception):
    """Worth another try, in so many seconds where it was said."""

    def __init__(self, error: OutsideError, seconds: float | None) -> None:
        super().__init__(str(error))
        self.error, self.seconds = error, seconds


def load(model: EmbeddingModel) -> Endpoint:
    """The endpoint; nothing is asked yet."""
    return Endpoint(model)


def vectors(content: bytes, count: int, dimension: int) -> list[list[float]]:
    """The vectors of an answer in the order of what was asked, each of length 1. Raises OutsideError for any other answer."""
    try:
        rows = json.loads(content)["data"]
        by_place = {int(row.get("index", place)): row["embedding"] for place, row in enumerate(rows)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise OutsideError("The endpoint's answer is no list of vectors.", cure=LOOK) from error
    if len(rows) != count or sorted(by_place) != list(range(count)):
        raise OutsideError(f"The endpoint answered {len(rows)} vectors to {count} texts.", cure=LOOK)
    return [_normal(by_place[place], dimension) for place in range(count)]


def _normal(vector: Any, dimension: int) -> list[float]:
    if not isinstance(vector, list) or not all(isinstance(one, int | float) and math.isfinite(one) for one in vector):
        raise OutsideError("The endpoint answered something that is no vector.", cure=LOOK)
    if len(vector) != dimension:
        cure = f"Add the model again with the dimension {len(vector)}."
        raise OutsideError(f"Its vectors have {len(vector)} dimensions, and {dimension} were expected.", cure=cure)
    length = math.hypot(*vector)
    if not length or not math.isfinite(length):
        raise OutsideError("The endpoint answered a vector without a direction.", cure=LOOK)
    return [one / length for one in vector]
