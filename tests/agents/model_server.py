"""An OpenAI-compatible server for tests: real HTTP on loopback, which answers as its script says and remembers what it was asked.

    with ModelServer() as server:
        server.says({"text": "It broke.", "risks": []})      # the next answer, as JSON
        server.script(Mood("status", status=429, retry_after="1"), Mood("say", text="..."))

Each request takes the next mood of the script; the last one stays. Tokens: what it reports adds up in `server.reported`.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from controlplane.core.connections import give_back

METADATA = "http://169.254.169.254/latest/meta-data/iam/security-credentials/"


@dataclass(frozen=True)
class Mood:
    """How one request is answered. `kind` is a method of `_Answering`: say, tool, status, stall, drip, cut, drop, huge, ..."""

    kind: str = "say"
    text: str = ""
    usage: tuple[int, int] | None = (100, 20)
    status: int = 200
    retry_after: str = ""
    tools: tuple[tuple[str, str], ...] = ()  # names and arguments as text, valid or not
    seconds: float = 30.0  # how long it stalls
    location: str = METADATA


@dataclass
class Asked:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    raw: str


@dataclass
class ModelServer:
    """Started by `with`; `address` is what an endpoint is given."""

    moods: list[Mood] = field(default_factory=lambda: [Mood(text="{}")])
    asked: list[Asked] = field(default_factory=list)
    reported: list[tuple[int, int]] = field(default_factory=list)
    # Computes the mood from the request instead of the script, when set.
    answering: Callable[[Asked], Mood] | None = None

    def __enter__(self) -> ModelServer:
        self._lock, self.over = threading.Lock(), threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Answering)
        self._server.model = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def received(self) -> str:
        """Everything that was ever sent to it, headers included."""
        return "\n".join(f"{one.path} {one.headers} {one.raw}" for one in self.asked)

    def script(self, *moods: Mood) -> None:
        """The next answers, in order; the last one stays."""
        self.moods = list(moods)

    def says(self, *values: Any, usage: tuple[int, int] | None = (100, 20)) -> None:
        """Answer with these values as JSON."""
        self.script(*(Mood(text=json.dumps(value), usage=usage) for value in values))

    def next_mood(self, asked: Asked) -> Mood:
        with self._lock:
            self.asked.append(asked)
            if self.answering is not None:
                try:
                    return self.answering(asked)
                finally:
                    give_back()  # of this thread, which ends with the answer
            return self.moods.pop(0) if len(self.moods) > 1 else self.moods[0]

    def report(self, usage: tuple[int, int] | None) -> None:
        if usage is not None:
            with self._lock:
                self.reported.append(usage)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    model: ModelServer

    def handle_error(self, *_: object) -> None:
        """Whoever hangs up on a server that stalls is right."""


class _Answering(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, json.loads(raw), raw)
        self.mood = self.server.model.next_mood(asked)
        self.asks = asked
        self.close_connection = True
        getattr(self, self.mood.kind)()

    def do_GET(self) -> None:
        self.server.model.asked.append(Asked(self.path, dict(self.headers.items()), {}, ""))
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass

    # --- moods ---

    def say(self) -> None:
        """Stream the text, a few letters at a time, then the usage."""
        self._begin()
        for piece in _pieces(self.mood.text):
            self._event({"content": piece})
        self._end("stop")

    def tool(self) -> None:
        """Ask for tools, the arguments in two pieces each."""
        self._begin()
        for index, (name, arguments) in enumerate(self.mood.tools):
            half = len(arguments) // 2
            begun = {"index": index, "id": f"call_{index}", "type": "function"}
            self._event({"tool_calls": [{**begun, "function": {"name": name, "arguments": arguments[:half]}}]})
            self._event({"tool_calls": [{"index": index, "function": {"arguments": arguments[half:]}}]})
        self._end("tool_calls")

    def status(self) -> None:
        """Refuse with a status, in OpenAI's form."""
        extra = {"Retry-After": self.mood.retry_after} if self.mood.retry_after else {}
        self._whole(self.mood.status, {"error": {"message": self.mood.text or "no", "type": "x", "code": "x"}}, extra)

    def redirect(self) -> None:
        """Lead to the metadata service of a cloud."""
        self._whole(self.mood.status if self.mood.status != 200 else 307, {}, {"Location": self.mood.location})

    def stall(self) -> None:
        """Take the question and say nothing."""
        self.server.model.over.wait(self.mood.seconds)

    def stall_after_words(self) -> None:
        """Begin well, then fall silent."""
        self._begin()
        self._event({"content": self.mood.text[:10]})
        self.server.model.over.wait(self.mood.seconds)

    def drip(self) -> None:
        """A byte of the answer ten times a second, for ever: never silent, never done."""
        self._begin()
        self._drip(b"data: " + b" " * 100_000)

    def drip_headers(self) -> None:
        """The same with headers."""
        self._drip(b"HTTP/1.1 200 OK\r\n" + b"X-Wait: " + b"x" * 60_000)

    def cut(self) -> None:
        """Break off in the middle of a word."""
        self._begin()
        self._event({"content": self.mood.text[: len(self.mood.text) // 2]})
        self._reset()

    def drop(self) -> None:
        """Hang up without a word."""
        self._reset()

    def huge(self) -> None:
        """Never stop talking."""
        self._begin()
        while not self.server.model.over.is_set():
            self._event({"content": "very " * 2_000})

    def huge_error(self) -> None:
        """A refusal whose body has no end."""
        self._send(b"HTTP/1.1 500 No\r\nContent-Type: text/plain\r\n\r\n")
        while not self.server.model.over.is_set():
            self._send(b"x" * 65_536)

    def no_stream(self) -> None:
        """Answer whole, as one JSON document, though a stream was asked for: some do."""
        self._whole(200, {"id": "x", "object": "chat.completion", "choices": [{"message": {"content": self.mood.text}}]})

    def document(self) -> None:
        """Answer whole with this JSON, as endpoints do that do not stream."""
        self._whole(200, json.loads(self.mood.text))

    def nonsense(self) -> None:
        """Events that are no JSON."""
        self._begin()
        self._send(b"data: {this is not JSON\n\ndata: [DONE]\n\n")

    def compressed(self) -> None:
        """A small answer that would be a large one."""
        self._send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n")
        self._send(b"\x1f\x8b" + b"\0" * 1000)

    # --- how it is written ---

    def _begin(self) -> None:
        self._send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")

    def _event(self, delta: dict[str, Any], finish: str | None = None) -> None:
        self._data({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    def _end(self, reason: str) -> None:
        self._event({}, reason)
        if self.mood.usage is not None:
            sent, answered = self.mood.usage
            total = {"prompt_tokens": sent, "completion_tokens": answered, "total_tokens": sent + answered}
            self._data({"choices": [], "usage": total})
        self._send(b"data: [DONE]\n\n")
        self.server.model.report(self.mood.usage)

    def _data(self, value: dict[str, Any]) -> None:
        model = {"id": "chat-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted-1"}
        self._send(f"data: {json.dumps({**model, **value})}\n\n".encode())

    def _whole(self, status: int, value: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {**(headers or {}), "Content-Type": "application/json", "Content-Length": str(len(content))}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(content)

    def _drip(self, content: bytes) -> None:
        for number in range(len(content)):
            self._send(content[number : number + 1])
            if self.server.model.over.wait(0.1):
                return

    def _send(self, content: bytes) -> None:
        self.wfile.write(content)
        self.wfile.flush()

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def _pieces(text: str, size: int = 7) -> Iterator[str]:
    yield from (text[place : place + size] for place in range(0, len(text), size))


def wait_until(true: Callable[[], bool], seconds: float = 10.0, each: Callable[[], object] = lambda: None) -> None:
    """Wait for something that another thread or process does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        each()
        time.sleep(0.05)


def texts(asked: Iterable[Asked]) -> list[str]:
    """The messages of these requests."""
    return [str(message["content"]) for one in asked for message in one.body["messages"]]
