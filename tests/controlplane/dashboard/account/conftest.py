"""An identity provider that is real but small: discovery, keys, tokens signed with RS256, user information."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings


class IdentityProvider:
    """Answers as a provider does. Tests set `says` (the claims), and may sign with a key nobody published."""

    def __init__(self) -> None:
        self.key = self.published = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.says: dict[str, Any] = {"sub": "7", "preferred_username": "dana"}
        self.audience = "timonel"
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(provider.get(urlsplit(self.path).path))

            def do_POST(self) -> None:
                given = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self._answer(provider.tokens() if given.get("code") == ["good"] and "code_verifier" in given else None)

            def _answer(self, body: Any) -> None:
                self.send_response(200 if body is not None else 400)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, format: str, *arguments: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"

    def get(self, path: str) -> Any:
        """What a GET of this path answers, or None."""
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.published.public_key()))
        ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "userinfo_endpoint": "me", "jwks_uri": "keys"}
        discovery = {"issuer": self.issuer} | {name: f"{self.issuer}/{end}" for name, end in ends.items()}
        known = {"/keys": {"keys": [{**key, "kid": "1", "alg": "RS256", "use": "sig"}]}, "/me": self.says}
        return (known | {"/.well-known/openid-configuration": discovery}).get(path)

    def tokens(self) -> dict[str, Any]:
        """What the code is exchanged for."""
        now = int(time.time())
        claims = {**self.says, "iss": self.issuer, "aud": self.audience, "iat": now, "exp": now + 60}
        signed = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "1"})
        return {"access_token": "opaque", "token_type": "Bearer", "id_token": signed}

    def sign_in(self, client: Client) -> Any:
        """Go there and come back, as a browser does that is let in there."""
        away = client.get("/sign-in/with/oidc/")
        state = parse_qs(urlsplit(away["Location"]).query)["state"][0]
        return client.get("/sign-in/with/oidc/back/", {"code": "good", "state": state})


@pytest.fixture
def provider(settings: Settings) -> Iterator[IdentityProvider]:
    """The provider of this Timonel: `platform` administers, `shop` operates application 3."""
    made = IdentityProvider()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    app = {"provider_id": "oidc", "name": "Acme", "client_id": "timonel", "secret": "s", "settings": {"server_url": made.issuer}}
    settings.OIDC_ISSUER, settings.OIDC_ROLES = made.issuer, ["platform=administrator:*", "shop=operator:application/3"]
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def forget_tries() -> None:
    """Each test begins with nobody throttled."""
    cache.clear()
