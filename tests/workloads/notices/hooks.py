"""A real HTTP server that receives messages, as Slack or somebody's webhook does: well, slowly, badly, or not at all."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Got:
    """One request as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def key(self) -> str:
        return self.headers["idempotency-key"]

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """Listens on a port of its own. `answers` says what it does with the next requests, one after another, then `usual`.

    200 keeps the message. A number is an answer without keeping it; `lost` keeps it and hangs up before it answers; `cut`
    hangs up before reading; `hang` reads and never answers; `drip` sends a byte of its answer now and then.
    """

    usual: str = "200"
    answers: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    says: bytes = b"no_service"
    port: int = 0
    tls: ssl.SSLContext | None = None
    got: list[Got] = field(default_factory=list)
    asked: int = 0
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/services/T01AB/B02CD/verysecretpartofit"

    @property
    def keys(self) -> Counter[str]:
        """How often each message was kept."""
        return Counter(one.key for one in self.got)

    def start(self) -> Receiver:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass

        self._server = Server(("127.0.0.1", self.port), Handler)
        if self.tls:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def kill(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked += 1
        how = self.answers.pop(0) if self.answers else self.usual
        if how == "cut":
            request.connection.shutdown(socket.SHUT_RDWR)
            return
        got = Got(
            {name.lower(): value for name, value in request.headers.items()},
            request.rfile.read(int(request.headers["Content-Length"])),
        )
        if how in {"200", "lost", "slow"}:
            time.sleep(0.5 if how == "slow" else 0)
            self.got.append(got)
        if how in {"lost", "hang", "drip"}:
            self._misbehave(request, how)
            return
        status = 200 if how == "slow" else int(how)
        request.send_response(status)
        for name, value in self.headers.items():
            request.send_header(name, value)
        says = b"ok" if status == 200 else self.says
        request.send_header("Content-Length", str(len(says)))
        request.end_headers()
        request.wfile.write(says)

    def _misbehave(self, request: BaseHTTPRequestHandler, how: str) -> None:
        if how == "lost":
            request.connection.shutdown(socket.SHUT_RDWR)
        end = time.monotonic() + 30
        while how != "lost" and self._server is not None and time.monotonic() < end:
            if how == "drip":
                request.wfile.write(b"H")
                request.wfile.flush()
            time.sleep(0.1)
