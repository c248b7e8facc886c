"""What people typed in as an address: asked only where anybody may ask, whatever it is dressed up as."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from typing import Any

import httpx
import pytest

from controlplane.core import outward
from controlplane.core.errors import Invalid

# Forms of this machine, its network and its cloud, as address, as name, and as what parsers read differently.
REFUSED = [
    # this machine
    "http://127.0.0.1/", "http://127.0.0.1:8000/", "http://127.1/", "http://127.0.1/", "http://127.255.255.254/",
    "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://0177.0.0.1/", "http://017700000001/",
    "http://127.0.0.1./", "http://0/", "http://0.0.0.0/", "http://0.0.0.0:6379/", "http://[::1]/", "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::127.0.0.1]/",
    "http://localhost/", "http://LOCALHOST/", "http://localhost./", "http://sub.localhost/", "http://localhost.localdomain/",
    # its network
    "http://10.0.0.1/", "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.0.1/", "http://192.168.1.1:5432/",
    "http://100.64.0.1/", "http://198.18.0.1/", "http://[fc00::1]/", "http://[fd12:3456::1]/", "http://[fec0::1]/",
    "http://192.0.0.1/", "http://240.0.0.1/", "http://255.255.255.255/", "http://224.0.0.1/", "http://[ff02::1]/",
    "http://db/", "http://valkey:6379/", "http://printer.local/", "http://build.internal/", "http://nas.lan/",
    # its cloud's metadata
    "http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://[fd00:ec2::254]/", "http://100.100.100.200/",
    "http://168.63.129.16/", "http://metadata.google.internal/", "http://[::ffff:169.254.169.254]/", "http://2852039166/",
    "http://0xa9fea9fe/", "http://0251.0376.0251.0376/",
    # an address carried inside another
    "http://[64:ff9b::7f00:1]/", "http://[64:ff9b::a00:1]/", "http://[2002:7f00:1::]/", "http://[2002:a9fe:a9fe::]/",
    # other schemes, names of users, what parsers read differently
    "file:///etc/passwd", "gopher://127.0.0.1:6379/_INFO", "ftp://example.org/", "unix:///var/run/docker.sock", "dict://a.example/",
    "//example.org/", "example.org", "", "http://", "http:///path", "javascript:alert(1)", "data:text/html,hello",
    "http://good.example@127.0.0.1/", "http://127.0.0.1@good.example/", "http://user:key@good.example/", "http://@good.example/",
    "http://good.example\\@127.0.0.1/", "http://good.example#@127.0.0.1/ x", "http://127.0.0.1\t.good.example/",
    "http://good.example\r\nHost: 127.0.0.1/", "http://good.example%00.bad/", "http://%31%32%37.0.0.1/", "http://good.example:0/",
    "http://good.example:99999/", "http://good.example:/", "http://[::1", "http://[127.0.0.1]/", "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/", "http://ⓛocalhost/", "http://[fe80::1%25eth0]/", "http://1.2.3.4.5/", "http://good..example/",
    "http://" + "a" * 2_000 + ".example/",
]  # fmt: skip
FINE = ["https://hooks.slack.com/services/T/B/x", "http://93.184.216.34/", "https://[2606:2800:220:1:248:1893:25c8:1946]/",
        "https://api.example.org:8443/v1?x=1", "https://xn--bcher-kva.example/"]  # fmt: skip
OWN = ["http://127.0.0.1:11434/v1", "http://localhost:8000/v1", "http://ollama:11434/", "http://10.1.2.3/", "http://[fd12::1]/"]
NEVER = ["http://169.254.169.254/", "http://[fe80::1]/", "http://[fd00:ec2::254]/", "http://0.0.0.0/", "http://224.0.0.1/",
         "http://[::ffff:169.254.169.254]/", "http://100.100.100.200/", "file:///etc/passwd", "http://a:b@10.0.0.1/"]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_what_leads_inside_is_refused_by_its_form_and_never_asked(address: str, nobody_resolves: list[str]) -> None:
    with pytest.raises(Invalid):
        outward.check(address)
    with outward.client(timeout=1) as client, pytest.raises((Invalid, httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError)):
        client.get(address)
    assert nobody_resolves == []


@pytest.mark.parametrize("address", FINE)
def test_what_the_public_reaches_may_be_asked(address: str) -> None:
    outward.check(address)


@pytest.mark.parametrize("address", OWN)
def test_an_administrator_may_mark_a_receiver_of_their_own_network(address: str) -> None:
    outward.check(address, private=True)
    with pytest.raises(Invalid):
        outward.check(address)


@pytest.mark.parametrize("address", NEVER)
def test_metadata_services_are_nobodys_receiver(address: str) -> None:
    with pytest.raises(Invalid):
        outward.check(address, private=True)


INSIDE = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1"]


@pytest.mark.parametrize("answers", [[one] for one in INSIDE] + [["93.184.216.34", one] for one in INSIDE])
def test_a_public_name_that_leads_inside_is_not_connected_to(answers: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    resolved = [(socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 80)) for one in answers]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: resolved)
    monkeypatch.setattr(socket, "create_connection", _never)
    with outward.client(timeout=1) as client, pytest.raises(Invalid, match="leads to"):
        client.get("http://good.example/")


def test_the_connection_goes_to_what_was_judged_and_not_to_the_name(receiver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    port = receiver.rpartition(":")[2].strip("/")
    asked: list[str] = []

    def resolve(host: str, _: int) -> list[outward.Address]:
        asked.append(host)
        return [ip_address("127.0.0.1")]

    monkeypatch.setattr(outward, "resolve", resolve)
    with outward.client(timeout=5, private=True) as client:
        assert client.get(f"http://changes-its-mind.example:{port}/").status_code == 200
    assert asked == ["changes-its-mind.example"]


def test_a_redirect_is_an_answer_and_not_followed(receiver: str) -> None:
    with outward.client(timeout=5, private=True) as client:
        assert client.get(f"{receiver}away").status_code == 302


def test_proxies_of_the_environment_are_not_used(receiver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    with outward.client(timeout=5, private=True) as client:
        assert client.get(receiver).status_code == 200


@pytest.fixture
def nobody_resolves(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that somebody tried to resolve: none may be."""
    asked: list[str] = []

    def resolve(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.fixture
def receiver() -> Iterator[str]:
    """A server on this machine; its address."""
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("Location", "http://169.254.169.254/")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _never(*_: Any, **__: Any) -> None:
    raise AssertionError("connected")
