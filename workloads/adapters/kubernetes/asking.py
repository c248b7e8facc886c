"""One question until it is answered or its deadline is over: what may be asked again, and when."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

import orjson

from workloads.adapters.kubernetes import transport
from workloads.adapters.kubernetes.failures import ApiFailure, Busy, Failing, Unauthorized, Unclear, Unreachable
from workloads.adapters.kubernetes.kinds import Json
from workloads.adapters.kubernetes.transport import Transport

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Answer = TypeVar("Answer")
TRIES = 5
FIRST_WAIT, LONGEST_WAIT = 0.2, 4.0  # seconds, doubled and scattered


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask. `repeatable`: asking twice changes nothing (reads, dry runs, reviews)."""

    method: Method
    path: str
    query: Mapping[str, str]
    body: Mapping[str, Any] | None = None
    content_type: str = "application/json"
    accept: str = "application/json"
    repeatable: bool = False

    @property
    def address(self) -> str:
        """The path with its query, empty values left out."""
        told = urlencode({name: value for name, value in self.query.items() if value})
        return f"{self.path}?{told}" if told else self.path


def as_bytes(line: Transport, question: Question, *, seconds: float) -> bytes:
    """The body of the answer, whatever it is. Raises the last failure when it may not be asked again, or not in time."""
    return _answered(line, question, lambda body, _: body, seconds)


def as_object(line: Transport, question: Question, *, seconds: float) -> Json:
    """The answer as an object; half of one is a failure like a cut connection."""
    return _answered(line, question, parsed, seconds)


def _answered(line: Transport, question: Question, parse: Callable[[bytes, Question], Answer], seconds: float) -> Answer:
    end, refused = time.monotonic() + seconds, False
    for turn in range(TRIES):
        try:
            return parse(_once(line, question, end, refused=refused), question)
        except Unauthorized:
            if refused or line.connection.token is None:
                raise
            refused = True
        except ApiFailure as failure:
            pause = _pause(failure, question, turn)
            if pause is None or turn == TRIES - 1 or time.monotonic() + pause >= end:
                raise
            time.sleep(pause)
    raise AssertionError("the last turn returns or raises")


def parsed(body: bytes, question: Question) -> Json:
    """The body as an object; half a document is a failure.

    While it is parsed no cycles are looked for: there are none among so many new objects, and looking takes longer than parsing.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        found = orjson.loads(body)
    except ValueError as error:
        raise _half(question) from error
    finally:
        if collecting:
            gc.enable()
    if not isinstance(found, dict):
        raise _half(question)
    return found


def pauses() -> Iterator[float]:
    """Ever longer pauses in seconds, scattered so that many who wait do not come back together."""
    turn = 0
    while True:
        yield _scattered(turn)
        turn += 1


def _once(line: Transport, question: Question, end: float, *, refused: bool) -> bytes:
    writing = not question.repeatable
    body = orjson.dumps(question.body) if question.body is not None else None
    headers = {"Accept": question.accept, **({"Content-Type": question.content_type} if body is not None else {})}
    answer = line.send(
        question.method,
        question.address,
        body=body,
        headers=headers,
        seconds=max(0.1, end - time.monotonic()),
        writing=writing,
        refused=refused,
    )
    return transport.whole(answer, end, question.method, question.path, writing=writing)


def _pause(failure: ApiFailure, question: Question, turn: int) -> float | None:
    """How long to wait before asking again; None: not again."""
    if isinstance(failure, Busy):
        return max(failure.retry_after or 0.0, _scattered(turn))
    if isinstance(failure, Unclear) or failure.reason == "Certificate":
        return None
    again = question.repeatable or _not_sent(failure)
    return _scattered(turn) if again and isinstance(failure, Unreachable | Failing) else None


def _not_sent(failure: ApiFailure) -> bool:
    return isinstance(failure.__cause__, transport.NOT_SENT)


def _scattered(turn: int) -> float:
    return min(LONGEST_WAIT, FIRST_WAIT * 2.0**turn) * random.uniform(0.75, 1.25)  # noqa: S311


def _half(question: Question) -> Unreachable:
    kind = Unreachable if question.repeatable else Unclear
    return kind(f"{question.method} {question.path} was answered with something that is not whole JSON.")
