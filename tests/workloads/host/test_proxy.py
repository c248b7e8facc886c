"""The proxy in front of real gunicorn and uvicorn processes."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.workloads.host.upstream import Address, Server, a_port
from tests.workloads.machine import eventually, little_venv
from workloads.host.statics import Statics, statics_of

__all__ = ["little_venv"]
GUNICORN = ("gunicorn", "site_wsgi:application", "--bind", "127.0.0.1:{port}", "--threads", "8")
UVICORN = ("uvicorn", "sockets:application", "--host", "127.0.0.1", "--port", "{port}")


@pytest.fixture(scope="module")
def gunicorn(little_venv: Path) -> Iterator[Server]:
    server = Server(little_venv, *GUNICORN).ready()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def uvicorn(little_venv: Path) -> Iterator[Server]:
    server = Server(little_venv, *UVICORN).ready()
    yield server
    server.stop()


@pytest.fixture
def address() -> Iterator[Address]:
    opened = Address()
    yield opened
    opened.close()


def test_headers_name_the_client_and_keep_the_host(address: Address, gunicorn: Server) -> None:
    address.lead_to(1, gunicorn.port)
    answer = httpx.get(
        f"{address.url}/headers/", headers={"Host": "shop.example:8080", "Connection": "X-Mine", "X-Mine": "dropped"}
    )
    seen = answer.json()
    assert seen["HTTP_HOST"] == "shop.example:8080"
    assert seen["HTTP_X_FORWARDED_FOR"] == "127.0.0.1"
    assert seen["HTTP_X_FORWARDED_PROTO"] == "http"
    assert seen["HTTP_X_FORWARDED_HOST"] == "shop.example:8080"
    assert "HTTP_X_MINE" not in seen
    assert answer.headers.get_list("set-cookie") == ["one=1; Path=/", "two=2; Path=/"]


def test_a_proxy_in_front_on_this_machine_is_believed(address: Address, gunicorn: Server) -> None:
    address.lead_to(1, gunicorn.port)
    given = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    seen = httpx.get(f"{address.url}/headers/", headers=given).json()
    assert seen["HTTP_X_FORWARDED_FOR"] == "203.0.113.9, 127.0.0.1"
    assert seen["HTTP_X_FORWARDED_PROTO"] == "https"


def test_nothing_live_answers_503_in_words(address: Address) -> None:
    answer = httpx.get(address.lead_to(None, None).url)
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")
    assert "Nothing is live here yet" in answer.text


def test_a_large_upload_arrives_whole(address: Address, gunicorn: Server) -> None:
    address.lead_to(1, gunicorn.port)
    body = os.urandom(20_000_000)
    assert httpx.post(f"{address.url}/digest/", content=body, timeout=30).text == hashlib.sha256(body).hexdigest()


def test_a_chunked_upload_arrives_whole(address: Address, uvicorn: Server) -> None:
    address.lead_to(1, uvicorn.port)
    parts = [os.urandom(100_000) for _ in range(20)]
    sent = httpx.post(f"{address.url}/digest/", content=iter(parts), timeout=30)
    assert sent.text == hashlib.sha256(b"".join(parts)).hexdigest()


def test_an_answer_is_streamed_as_it_is_made(address: Address, gunicorn: Server) -> None:
    address.lead_to(1, gunicorn.port)
    began, arrived = time.monotonic(), []
    with httpx.stream("GET", f"{address.url}/stream/", timeout=10) as answer:
        for line in answer.iter_lines():
            arrived.append((line, time.monotonic() - began))
    assert [line for line, _ in arrived] == [f"part {number}" for number in range(5)]
    assert arrived[-1][1] - arrived[0][1] > 0.5


def test_a_connection_is_kept_for_several_requests(address: Address, gunicorn: Server) -> None:
    address.lead_to(1, gunicorn.port)
    with socket.create_connection(("127.0.0.1", address.port), timeout=5) as kept:
        for _ in range(3):
            kept.sendall(b"GET /health/ HTTP/1.1\r\nHost: here\r\n\r\n")
            answer = b""
            while b'{"version": "v1"}' not in answer:
                answer += kept.recv(4096)
            assert answer.startswith(b"HTTP/1.1 200")


def test_head_has_the_length_and_no_body(address: Address, gunicorn: Server) -> None:
    address.lead_to(1, gunicorn.port)
    answer = httpx.head(f"{address.url}/health/")
    assert answer.headers["content-length"] == str(len('{"version": "v1"}'))
    assert answer.content == b""


def test_a_client_that_waits_for_continue_is_told_to_go_on(address: Address, gunicorn: Server) -> None:
    address.lead_to(1, gunicorn.port)
    with socket.create_connection(("127.0.0.1", address.port), timeout=5) as client:
        client.sendall(b"POST /digest/ HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 100")
        client.sendall(b"hi")
        answer = b""
        while hashlib.sha256(b"hi").hexdigest().encode() not in answer:
            answer += client.recv(4096)


def test_an_odd_path_arrives_as_it_was_sent(address: Address, gunicorn: Server) -> None:
    address.lead_to(1, gunicorn.port)
    with socket.create_connection(("127.0.0.1", address.port), timeout=5) as client:
        client.sendall(b"GET /health/?a=%2F%zz&b=a+b%20c HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 200")


def test_a_request_under_way_ends_where_it_began(address: Address, gunicorn: Server, little_venv: Path) -> None:
    other = Server(little_venv, *UVICORN).ready()
    address.lead_to(1, gunicorn.port)
    answers: list[str] = []
    slow = threading.Thread(target=lambda: answers.append(httpx.get(f"{address.url}/slow/?seconds=1.5", timeout=10).text))
    slow.start()
    eventually(lambda: not address.book.drained(1))
    address.lead_to(2, other.port)
    assert httpx.get(address.url).text == "hello"
    slow.join()
    other.stop()
    assert answers == ['{"version": "v1"}']
    assert address.book.drained(1)


def test_a_request_waits_for_an_instance_that_is_just_being_started(address: Address, little_venv: Path) -> None:
    port = a_port()
    address.lead_to(1, port)
    servers: list[Server] = []
    threading.Timer(0.5, lambda: servers.append(Server(little_venv, *UVICORN, port=port))).start()
    answer = httpx.post(f"{address.url}/", content=b"body", timeout=15)
    servers[0].stop()
    assert (answer.status_code, answer.text) == (200, "hello")


def test_an_instance_that_stays_away_is_a_503_and_an_error(address: Address) -> None:
    address.lead_to(1, a_port())
    answer = httpx.get(address.url, timeout=15)
    assert answer.status_code == 503
    assert "not answering" in answer.text
    assert address.book[1].take().errors == 1


def test_half_an_answer_is_not_passed_off_as_a_whole_one(address: Address) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address.lead_to(1, listening.getsockname()[1])

        def half() -> None:
            peer, _ = listening.accept()
            peer.recv(4096)
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            peer.close()

        threading.Thread(target=half).start()
        with pytest.raises(httpx.TransportError):
            httpx.get(address.url, timeout=5)


def test_a_post_that_may_have_arrived_is_not_sent_twice(address: Address) -> None:
    accepted = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address.lead_to(1, listening.getsockname()[1])

        def hang_up() -> None:
            while True:
                try:
                    peer, _ = listening.accept()
                except OSError:
                    return
                accepted.append(peer.recv(4096))
                peer.close()

        threading.Thread(target=hang_up, daemon=True).start()
        answer = httpx.post(address.url, content=b"order", timeout=5)
        assert answer.status_code == 502
    assert len(accepted) == 1


def test_websocket_messages_pass_both_ways(address: Address, uvicorn: Server) -> None:
    address.lead_to(1, uvicorn.port)
    with connect(f"ws://127.0.0.1:{address.port}/", subprotocols=["chat"]) as client:  # type: ignore[list-item]
        assert client.subprotocol == "chat"
        client.send("hello")
        assert client.recv(5) == "HELLO"
        client.send(b"\x00" * 300_000)
        assert client.recv(5) == b"\x00" * 300_000
        client.send("bye")
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(5)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "said bye")


def test_a_refused_websocket_is_refused(address: Address, uvicorn: Server) -> None:
    address.lead_to(1, uvicorn.port)
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{address.port}/refused")
    assert refused.value.response.status_code == 403


def test_a_client_that_leaves_is_not_an_error_of_the_application(address: Address, gunicorn: Server) -> None:
    address.lead_to(1, gunicorn.port)
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{address.url}/slow/?seconds=2", timeout=0.3)
    eventually(lambda: address.book.drained(1))
    assert address.book[1].take().errors == 0


def test_requests_are_counted_with_their_latency(address: Address, gunicorn: Server) -> None:
    address.lead_to(1, gunicorn.port)
    for path in ("/health/", "/health/", "/slow/?seconds=0.2"):
        httpx.get(address.url + path)
    eventually(lambda: address.book[1].requests == 3)
    seen = address.book[1].take()
    assert seen.errors == 0
    assert seen.latency_p99_ms is not None
    assert 200 <= seen.latency_p99_ms < 2000
    assert address.book[1].take().latency_p99_ms is None


def test_static_files_the_application_leaves_to_the_web_server_are_served(
    address: Address, gunicorn: Server, tmp_path: Path
) -> None:
    (tmp_path / "collected").mkdir()
    (tmp_path / "collected" / "site.css").write_text("b { color: red }")
    (tmp_path / "collected" / "style.css").write_text("not this one")
    (tmp_path / "secret.txt").write_text("outside")
    address.lead_to(1, gunicorn.port, Statics("/", tmp_path / "collected"))
    found = httpx.get(f"{address.url}/site.css")
    assert (found.status_code, found.text) == (200, "b { color: red }")
    assert found.headers["content-type"].startswith("text/css")
    assert httpx.get(f"{address.url}/style.css").text == "h1 { color: teal }"  # the application comes first
    assert httpx.get(f"{address.url}/other.css").status_code == 404
    assert httpx.get(f"{address.url}/..%2Fsecret.txt").status_code == 404
    assert httpx.post(f"{address.url}/site.css").status_code == 404


def test_a_static_root_that_holds_our_own_data_is_refused(tmp_path: Path) -> None:
    plan = {"static_url": "/static/", "static_root": "/"}
    assert statics_of(plan, tmp_path / "release", tmp_path) is None
    assert statics_of({**plan, "static_root": "collected"}, tmp_path / "release", tmp_path) is not None
    assert statics_of({**plan, "static_url": "https://cdn.example/"}, tmp_path, tmp_path) is None
