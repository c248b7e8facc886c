"""What registries answer when they ask who we are, lie, or are none; played by a server on this machine."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from controlplane.core.errors import OutsideError
from workloads.adapters import registry
from workloads.adapters.builders import Login
from workloads.images import Reference

MANIFEST = json.dumps({"schemaVersion": 2, "layers": [{"size": 10}, {"size": 32}]}).encode()
DIGEST = f"sha256:{hashlib.sha256(MANIFEST).hexdigest()}"


@dataclass
class Played:
    """A registry: how it is signed in to, and what it answers."""

    host: str = ""
    scheme: str = "bearer"
    content: bytes = MANIFEST
    status: int = 200
    asked: list[str] = field(default_factory=list)
    realm: str = ""  # who gives tokens, where that is another
    told: list[str] = field(default_factory=list)  # the Authorization that was sent there

    @property
    def image(self) -> Reference:
        return Reference(self.host, "team/web", "1")

    def login(self, user: str = "dan", password: str = "hunter2") -> Login:
        return Login(self.host, user, password, insecure=True)


@pytest.fixture
def played() -> Iterator[Played]:
    found = Played()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            sent = self.headers.get("Authorization", "")
            basic = "Basic " + base64.b64encode(b"dan:hunter2").decode()
            if self.path.startswith("/token"):
                found.told.append(sent)
                self._say(*((200, b'{"token": "granted"}') if sent == basic else (401, b"{}")))
            elif sent == ("Bearer granted" if found.scheme == "bearer" else basic):
                self._say(found.status, found.content)
            else:
                self._say(401, b"{}")

        def _say(self, status: int, content: bytes) -> None:
            self.send_response(status)
            if status == 401:
                realm = found.realm or f"http://{found.host}/token"
                challenge = f'Bearer realm="{realm}",service="reg"' if found.scheme == "bearer" else 'Basic realm="x"'
                self.send_header("WWW-Authenticate", challenge)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.host = f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()


@pytest.mark.parametrize("scheme", ["bearer", "basic"])
def test_it_signs_in_as_the_registry_asks(played: Played, scheme: str) -> None:
    played.scheme = scheme
    found = registry.look(played.image, played.login(), private=True)
    assert found == registry.Found(DIGEST, 42, 2)


def test_the_token_is_asked_for_one_repository_only(played: Played) -> None:
    registry.look(played.image, played.login(), private=True)
    assert any("scope=repository%3Ateam%2Fweb%3Apull" in path for path in played.asked)


def test_a_registry_cannot_send_its_password_elsewhere(played: Played) -> None:
    played.realm = f"http://localhost:{played.host.rpartition(':')[2]}/token"
    with pytest.raises(OutsideError, match="does not let us see"):
        registry.look(played.image, played.login(), private=True)
    assert played.told == [""]


@pytest.mark.parametrize(
    ("realm", "of", "may"),
    [
        ("https://auth.docker.io/token", "https://registry-1.docker.io", True),
        ("https://gitlab.com/jwt/auth", "https://registry.gitlab.com", True),
        ("https://quay.io/v2/auth", "https://quay.io", True),
        ("https://evil.example.org/token", "https://registry.example.com", False),
        ("https://docker.io.evil.org/token", "https://registry-1.docker.io", False),
        ("https://other.com/token", "https://registry.com", False),
        ("http://10.0.0.2/token", "http://10.0.0.1:5000", False),
        ("nonsense", "https://quay.io", False),
    ],
)
def test_who_gives_tokens_is_told_the_password_where_it_belongs_to_the_registry(realm: str, of: str, may: bool) -> None:
    assert registry._of_the_same(realm, of) is may


def test_a_wrong_password_is_told_with_its_cure(played: Played) -> None:
    with pytest.raises(OutsideError, match="does not let us see") as caught:
        registry.look(played.image, played.login(password="wrong"), private=True)
    assert "administration" in caught.value.cure


def test_another_content_than_its_digest_names_is_not_believed(played: Played) -> None:
    with pytest.raises(OutsideError, match="something else"):
        registry.look(played.image.at("sha256:" + "0" * 64), played.login(), private=True)


@pytest.mark.parametrize("content", [b"<html>", b"[]", b'{"layers": [{}]}', b'{"layers": 3}'])
def test_what_is_no_manifest_is_an_error(played: Played, content: bytes) -> None:
    played.content = content
    with pytest.raises(OutsideError, match="no manifest"):
        registry.look(played.image, played.login(), private=True)


def test_an_index_of_platforms_has_no_size(played: Played) -> None:
    played.content = b'{"manifests": []}'
    found = registry.look(played.image, played.login(), private=True)
    assert found is not None and found.size is None and found.layers is None


@pytest.mark.parametrize(("status", "words"), [(429, "too often"), (500, "answered 500"), (403, "does not let us see")])
def test_a_refusal_is_told_in_words(played: Played, status: int, words: str) -> None:
    played.status = status
    with pytest.raises(OutsideError, match=words):
        registry.look(played.image, played.login(), private=True)


def test_more_than_a_manifest_may_hold_is_not_read(played: Played) -> None:
    played.content = b"x" * (registry.LARGEST + 1)
    with pytest.raises(OutsideError, match="more than a manifest"):
        registry.look(played.image, played.login(), private=True)
