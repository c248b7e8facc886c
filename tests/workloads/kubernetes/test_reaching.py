"""Proving who is who: the server's certificate, a client's, tokens that are renewed, Amazon EKS."""

from __future__ import annotations

import base64
import datetime
import json
import ssl
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from controlplane.core.errors import Invalid
from tests.fake_cluster import FakeCluster
from workloads.adapters.kubernetes import proxied
from workloads.adapters.kubernetes.access import Connection
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.eks import PREFIX, Eks
from workloads.adapters.kubernetes.failures import Unreachable


class At:
    """A connection as it is."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def connection(self) -> Connection:
        return self._connection


def certificate(name: str = "localhost") -> tuple[str, str]:
    """A certificate for itself and its key, as PEM."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


class Version(BaseHTTPRequestHandler):
    """Says its version, to whoever was let in."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        body = json.dumps({"gitVersion": "v1.35.0"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[str, str, str, str]]:
    """The address, the authority, and a client's certificate and key that the server asks for."""
    server, key = certificate()
    mine, my_key = certificate("timonel")
    (tmp_path / "server.pem").write_text(server + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=mine)
    listening = HTTPServer(("127.0.0.1", 0), Version)
    listening.socket = context.wrap_socket(listening.socket, server_side=True)
    threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
    yield f"https://localhost:{listening.server_port}", server, mine, my_key
    listening.shutdown()
    listening.server_close()


def test_a_client_certificate_proves_us_and_stays_in_no_file(secured: tuple[str, str, str, str]) -> None:
    before = set(Path(tempfile.gettempdir()).glob("timonel-tls-*"))
    address, authority, mine, key = secured
    client = Client(At(Connection(address, authority=authority, certificate=mine, key=key)), deadline=5)
    assert client.version() == "v1.35.0"
    assert set(Path(tempfile.gettempdir()).glob("timonel-tls-*")) <= before


def test_another_authority_or_name_is_told_with_a_cure_and_not_tried_again(secured: tuple[str, str, str, str]) -> None:
    address, authority, mine, key = secured
    good = Connection(address, authority=authority, certificate=mine, key=key)
    for bad in (replace(good, authority=certificate()[0]), replace(good, server_name="another.example.org")):
        with pytest.raises(Unreachable, match="certificate-authority-data") as told:
            Client(At(bad), deadline=5).version()
        assert told.value.reason == "Certificate"
    assert Client(At(replace(good, authority="", unchecked=True)), deadline=5).version() == "v1.35.0"


def test_keys_that_fit_nothing_are_invalid() -> None:
    (one, _), (_, other) = certificate(), certificate()
    with pytest.raises(Invalid, match="fit each other"):
        Client(At(Connection("https://localhost", certificate=one, key=other)))
    with pytest.raises(Invalid, match="PEM"):
        Client(At(Connection("https://localhost", authority="nonsense")))


def test_a_token_that_was_refused_is_taken_anew_once() -> None:
    asked: list[bool] = []

    def token(refused: bool) -> str:
        asked.append(refused)
        return "new" if refused else "old"

    with FakeCluster() as cluster:
        cluster.tokens.add("new")
        assert Client(At(Connection(cluster.url, token=token))).version() == "v1.35.0"
    assert asked == [False, True]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[BaseHTTPRequestHandler]]:
    """An AWS that knows one cluster."""

    class Answer(BaseHTTPRequestHandler):
        found: dict[str, Any] = {}  # noqa: RUF012
        asked: list[str] = []  # noqa: RUF012

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            self.asked.append(self.path)
            body = json.dumps({"cluster": self.found} if self.found else {"message": "No cluster found"}).encode()
            self.send_response(200 if self.found else 404)
            if not self.found:
                self.send_header("x-amzn-errortype", "ResourceNotFoundException")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    for name, value in {
        "AWS_ENDPOINT_URL_EKS": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_CONFIG_FILE": "/nonexistent",
    }.items():
        monkeypatch.setenv(name, value)
    yield Answer
    server.shutdown()
    server.server_close()


def test_eks_is_found_by_its_name_and_its_token_kept_until_it_is_refused(aws: Any) -> None:
    aws.found = {"endpoint": "https://abc.eks.example.org/", "certificateAuthority": {"data": base64.b64encode(b"CA").decode()}}
    made = Eks("eu-west-1", "shop").connection()
    assert (made.server, made.authority, aws.asked) == ("https://abc.eks.example.org", "CA", ["/clusters/shop"])
    assert made.token is not None
    first = made.token(False)
    assert first.startswith(PREFIX)
    assert made.token(False) is first
    assert made.token(True) is not first


def test_a_cluster_that_eks_does_not_know_is_told_in_its_words(aws: Any) -> None:
    with pytest.raises(Invalid, match="No cluster found"):
        Eks("eu-west-1", "nothing").connection()


@pytest.mark.parametrize("colons", ["http:shop:http", "http%3Ashop%3Ahttp"])
def test_links_that_the_proxy_rewrote_are_the_applications_own(colons: str) -> None:
    door = proxied.Door(client=None, namespace="ns", service="shop")  # type: ignore[arg-type]
    told = f"http://shop.ns/api/v1/namespaces/ns/services/{colons}/proxy/static/site.css"
    assert proxied._own(door, told) == "http://shop.ns/static/site.css"
    assert proxied._own(door, "http://shop.ns/static/site.css") == "http://shop.ns/static/site.css"
