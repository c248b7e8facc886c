"""A network as pipelines know it: between the script and Timonel, it loses, throttles and fails what it is told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

LOST_BEFORE, LOST_AFTER = "lost before", "lost after"
PASSED_ON = ("Authorization", "Accept", "Content-Type", "Idempotency-Key")


@dataclass
class Network:
    """What happens to the next requests, in order; after them, nothing. `seen`: method, path, Idempotency-Key."""

    target: str
    troubles: list[str | int] = field(default_factory=list)
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    url: str = ""


@contextmanager
def network(target: str) -> Iterator[Network]:
    """A network in front of the target."""
    made = Network(target)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"network": made}))
    made.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


class _Handler(BaseHTTPRequestHandler):
    network: Network

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.network.seen.append((self.command, self.path, self.headers.get("Idempotency-Key", "")))
        trouble = self.network.troubles.pop(0) if self.network.troubles else None
        if isinstance(trouble, int):
            self._fail(trouble)
        elif trouble != LOST_BEFORE:
            self._forward(body, lose=trouble == LOST_AFTER)
        self.close_connection = True

    def _fail(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(b"<html>bad gateway</html>")

    def _forward(self, body: bytes, *, lose: bool) -> None:
        connection = HTTPConnection(urlsplit(self.network.target).netloc, timeout=60)
        headers = {name: self.headers[name] for name in PASSED_ON if name in self.headers}
        connection.request(self.command, self.path, body or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if lose:
            return
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"content-length", "connection", "date", "server"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
