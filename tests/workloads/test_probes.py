"""Probes against a small real server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from workloads.adapters import probes
from workloads.adapters.probes import Target

HOST = "127.0.0.1:8100"
PAGE = """<html><head><base href="/static/"><link rel="stylesheet" href="a.css?v=1#x"><link rel="icon" href="/icon.png">
<script src="/b.js"></script><script src="https://cdn.example/c.js"></script><script src="http://127.0.0.1:8100/d.js"></script>
<link rel="stylesheet" href="a.css?v=1"></head></html>"""


class Handler(BaseHTTPRequestHandler):
    asked: ClassVar[list[tuple[str, str, str]]] = []

    def do_GET(self) -> None:
        proto = self.headers["X-Forwarded-Proto"]
        self.asked.append((self.path, self.headers["Host"], proto))
        if self.path == "/secure/" and proto != "https":
            return self.answer(301, location=f"https://{HOST}/secure/")
        goals = {"/in/": "/page/", "/away/": "https://elsewhere.example/", "/loop/": "/loop/"}
        if self.path in goals:
            return self.answer(302, location=goals[self.path])
        if self.path == "/never/":
            time.sleep(2)
        known = {"/page/": PAGE, "/secure/": "<h1>secure</h1>", "/static/a.css?v=1": "a {}", "/d.js": "1", "/never/": "late"}
        return self.answer(200, known[self.path]) if self.path in known else self.answer(404, "<p>no</p>")

    def answer(self, status: int, body: str = "", location: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def target() -> Iterator[Target]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.asked.clear()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Target(server.server_address[1], HOST)
    server.shutdown()
    server.server_close()


def test_the_application_is_called_by_its_stable_address(target: Target) -> None:
    assert probes.get(target, "/page/", deadline=5).url == f"http://{HOST}/page/"
    assert Handler.asked == [("/page/", HOST, "http")]


def test_redirects_are_followed_and_remembered(target: Target) -> None:
    answer = probes.get(target, "/in/", deadline=5)
    assert (answer.status, answer.redirects) == (200, (f"http://{HOST}/page/",))


def test_an_application_that_insists_on_https_is_asked_as_behind_tls(target: Target) -> None:
    answer = probes.get(target, "/secure/", deadline=5)
    assert (answer.status, answer.forwarded_proto) == (200, "https")
    assert [proto for _, _, proto in Handler.asked] == ["http", "https"]


def test_a_redirect_to_another_site_is_not_followed(target: Target) -> None:
    answer = probes.get(target, "/away/", deadline=5)
    assert (answer.status, answer.location) == (302, "https://elsewhere.example/")


def test_an_endless_redirect_is_no_answer(target: Target) -> None:
    answer = probes.get(target, "/loop/", deadline=5)
    assert (answer.status, answer.error) == (0, "it redirects for ever")


def test_an_answer_that_does_not_come_is_no_answer(target: Target) -> None:
    began = time.monotonic()
    answer = probes.get(target, "/never/", deadline=0.5)
    assert (answer.status, answer.error) == (0, "no answer in time")
    assert time.monotonic() - began < 1.5


def test_nobody_listening_is_no_answer() -> None:
    answer = probes.get(Target(9, HOST), "/", deadline=2)
    assert answer.status == 0
    assert "no answer" in answer.error


def test_a_page_is_rendered_with_its_own_style_sheets_and_scripts(target: Target) -> None:
    page = probes.page(target, "/in/", deadline=5)
    assert [(asset.url.removeprefix(f"http://{HOST}"), asset.status) for asset in page.assets] == [
        ("/static/a.css?v=1", 200),
        ("/b.js", 404),
        ("/d.js", 200),
    ]
