"""Listening to an answer as it comes: a silence is noticed, an end in time is sure, and what is too long is cut."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from agents.llm.troubles import NoAnswer, Status, trouble_of

MOST_TOKENS = 10_000_000  # a count beyond that is nonsense, and is not believed
HANG_UP_SECONDS = 2.0
CANCELLED = "Nobody waits for it any more."
LOOK_UP_SECONDS = 0.5  # how often it is asked whether anybody still wants the answer


@dataclass(slots=True)
class Heard:
    """What was heard so far. `counted`: the endpoint's own count of tokens, when it gave one that can be true."""

    text: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)  # {"id", "name", "arguments": text as it came}
    model: str = ""
    counted: tuple[int, int] | None = None
    chunks: int = 0

    def size(self) -> int:
        """Characters."""
        return len(self.text) + sum(len(call["name"]) + len(call["arguments"]) for call in self.calls)

    def add(self, chunk: Any) -> None:
        """Take in the next piece (an AIMessageChunk)."""
        self.chunks += 1
        self.text += chunk.text if isinstance(chunk.text, str) else ""
        for piece in chunk.tool_call_chunks:
            self._add_call(piece)
        self.model = str(chunk.response_metadata.get("model_name") or self.model)
        self.counted = _believed(chunk.usage_metadata) or self.counted

    def _add_call(self, piece: Any) -> None:
        """Pieces of one call have one index; a name begins it."""
        index = piece.get("index")
        known = next((call for call in self.calls if index is not None and call["index"] == index), None)
        if known is None:
            known = {"index": index, "id": "", "name": "", "arguments": ""}
            self.calls.append(known)
        known["id"] = known["id"] or str(piece.get("id") or "")
        known["name"] += str(piece.get("name") or "")
        known["arguments"] += str(piece.get("args") or "")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited: for the next piece, until `deadline` on the clock of time.monotonic for all, and while not `over`."""

    stall: float
    deadline: float
    most_characters: int
    over: Callable[[], bool] = lambda: False

    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - time.monotonic()


def listen(heard: Heard, begin: Callable[[], Iterator[Any]], hang_up: Callable[[], None], patience: Patience) -> None:
    """Fill `heard` with what `begin` gives. Raises NoAnswer; then what was heard until there is in `heard`.

    Another thread reads, so that nothing an endpoint does (a byte a minute, headers without end) holds this one.
    """
    pieces: queue.Queue[tuple[str, Any]] = queue.Queue(maxsize=256)
    over = threading.Event()
    thread = threading.Thread(target=_read, args=(begin, pieces, over), name="model-answer", daemon=True)
    thread.start()
    try:
        _take(heard, pieces, patience)
    finally:
        over.set()
        hang_up()
        thread.join(HANG_UP_SECONDS)


def _read(begin: Callable[[], Iterator[Any]], pieces: queue.Queue[tuple[str, Any]], over: threading.Event) -> None:
    try:
        for piece in begin():
            _put(pieces, over, ("piece", piece))
            if over.is_set():
                return
        _put(pieces, over, ("end", None))
    except BaseException as error:
        _put(pieces, over, ("error", error))


def _put(pieces: queue.Queue[tuple[str, Any]], over: threading.Event, item: tuple[str, Any]) -> None:
    while not over.is_set():
        try:
            pieces.put(item, timeout=0.5)
        except queue.Full:
            continue
        return


def _take(heard: Heard, pieces: queue.Queue[tuple[str, Any]], patience: Patience) -> None:
    while True:
        kind, item = _next(pieces, patience)
        if kind == "error":
            raise trouble_of(item, begun=heard.chunks > 0) from item
        if kind == "end":
            return
        heard.add(item)
        if heard.size() > patience.most_characters:
            raise NoAnswer("It answered more than it was allowed to.", Status.BROKEN, billed=True)
        if patience.over():
            raise NoAnswer(CANCELLED, billed=True)
        if patience.left() <= 0:
            raise _silence(patience)


def _next(pieces: queue.Queue[tuple[str, Any]], patience: Patience) -> tuple[str, Any]:
    """The next piece, waited for in short stretches: between them whoever asked may have given up."""
    end = min(time.monotonic() + patience.stall, patience.deadline)
    while True:
        try:
            return pieces.get(timeout=max(0.0, min(LOOK_UP_SECONDS, end - time.monotonic())))
        except queue.Empty:
            if patience.over():
                raise NoAnswer(CANCELLED, billed=True) from None
            if time.monotonic() >= end:
                raise _silence(patience) from None


def _silence(patience: Patience) -> NoAnswer:
    silent = f"It said nothing for {patience.stall} seconds."
    said = "It did not finish in its time." if patience.left() <= 0 else silent
    cure = "Ask a quicker model, or give the endpoint more time."
    return NoAnswer(said, Status.TIMED_OUT, cure=cure, billed=True)


def _believed(usage: Any) -> tuple[int, int] | None:
    if not usage:
        return None
    counted = (usage.get("input_tokens"), usage.get("output_tokens"))
    if all(isinstance(count, int) and 0 <= count <= MOST_TOKENS for count in counted) and sum(counted):
        return counted
    return None
