"""A forge as a real HTTP server: it answers what was recorded of the real ones, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One question."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Answer:
    """One answer; `slow`: seconds between the pieces of its body."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    slow: float = 0.0


@dataclass
class Forge:
    """What it will answer, in order (the last for ever), and what it was asked."""

    answers: list[Answer] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def next(self) -> Answer:
        """The answer to the next question."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def forge(*answers: Answer) -> Iterator[Forge]:
    """A forge that answers with these."""
    made = Forge(list(answers))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    made.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


def _handler(made: Forge) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            made.asked.append(Asked(self.command, self.path, dict(self.headers), json.loads(body) if body else None))
            answer = made.next()
            content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(content)), **answer.headers}.items():
                self.send_header(name, value.replace("FORGE", made.url))
            self.end_headers()
            self._write(content, answer.slow)

        def _write(self, content: bytes, slow: float) -> None:
            try:
                for place in range(len(content)) if slow else [0]:
                    self.wfile.write(content[place : place + 1] if slow else content)
                    time.sleep(slow)
            except OSError:  # whoever asked has gone
                pass

        do_GET = do_POST = do_PUT = do_PATCH = _answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    return Handler


LIMIT = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4987", "X-RateLimit-Reset": "1780000000", "X-RateLimit-Used": "13"}
DOCS = "https://docs.github.com/rest"

# Recorded from the reference of GitHub's REST API (2022-11-28); names and numbers are invented.
GITHUB: dict[str, Answer] = {
    "status": Answer(201, {"id": 1, "state": "success", "context": "timonel/shop/staging", "creator": {"login": "timonel"}}, LIMIT),
    "deployments": Answer(200, [], LIMIT),
    "made before": Answer(200, [{"id": 31, "sha": "9d27ee" + "b" * 34, "task": "timonel", "environment": "shop/staging"}], LIMIT),
    "deployment": Answer(201, {"id": 42, "task": "timonel", "environment": "shop/staging"}, LIMIT),
    "deployment status": Answer(201, {"id": 7, "state": "in_progress"}, LIMIT),
    "401": Answer(401, {"message": "Bad credentials", "documentation_url": DOCS}),
    "403": Answer(403, {"message": "Resource not accessible by personal access token", "documentation_url": DOCS}, LIMIT),
    "403 limit": Answer(
        403,
        {"message": "API rate limit exceeded for user ID 21."},
        LIMIT | {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "RESET"},
    ),
    "403 secondary": Answer(403, {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}),
    "403 after": Answer(403, {"message": "You have exceeded a secondary rate limit."}, {"Retry-After": "90"}),
    "404": Answer(404, {"message": "Not Found", "documentation_url": DOCS}, LIMIT),
    "422": Answer(422, {"message": "No commit found for SHA: 9d27ee", "documentation_url": DOCS}, LIMIT),
    "429": Answer(429, {"message": "Too many requests"}, {"Retry-After": "30"}),
    "500": Answer(502, b"<html>Unicorn</html>"),
    "301": Answer(301, {"message": "Moved Permanently", "url": "FORGE/x"}, {"Location": "FORGE/repositories/4711/statuses/x"}),
    "307": Answer(307, {"message": "Temporary Redirect"}, {"Location": "/repositories/4711/statuses/x"}),
    "307 elsewhere": Answer(307, {"message": "Temporary Redirect"}, {"Location": "http://elsewhere.example/statuses/x"}),
}
# Recorded from the reference of GitLab's REST API (v4).
GITLAB: dict[str, Answer] = {
    "status": Answer(201, {"id": 93, "sha": "9d27ee" + "b" * 34, "status": "success", "name": "timonel/shop/staging"}),
    "already": Answer(400, {"message": "Cannot transition status via :run from :running (Reason(s): Status cannot transition)"}),
    "deployments": Answer(200, []),
    "made before": Answer(200, [{"id": 55, "sha": "9d27ee" + "b" * 34, "status": "running"}]),
    "deployment": Answer(201, {"id": 56, "iid": 2, "status": "running"}),
    "updated": Answer(200, {"id": 56, "iid": 2, "status": "success"}),
    "401": Answer(401, {"message": "401 Unauthorized"}),
    "403": Answer(403, {"message": "403 Forbidden"}),
    "404": Answer(404, {"message": "404 Project Not Found"}),
    "422": Answer(422, {"error": "sha is invalid"}),
    "429": Answer(429, b"Retry later", {"Retry-After": "60", "RateLimit-Limit": "60", "RateLimit-Remaining": "0"}),
    "moved": Answer(405, {"message": "Non GET methods are not allowed for moved projects"}),
    "301": Answer(301, b"", {"Location": "FORGE/projects/15"}),
    "project": Answer(200, {"id": 15, "path_with_namespace": "fleet/shop"}),
}
