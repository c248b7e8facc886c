"""Who calls the API: a token in the Authorization header."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from controlplane.core import tokens
from controlplane.core.addresses import address_of
from controlplane.core.models import ApiToken, User
from controlplane.core.throttle import Attempt


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer tmn_...`"""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The person and the token, or None when the header is absent.

        A valid token is always let in; one that is not is refused (401), and too often from one place for a while (429).
        """
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        text = parts[1].decode("latin-1") if len(parts) == 2 else ""
        address = address_of(request._request)
        token = tokens.recognise(text, address)
        if token is None:
            self._slow_down(text, address)
            raise AuthenticationFailed("This token is not valid: wrong, expired or revoked. Make a new one.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """What a 401 names as the way in."""
        return "Bearer"

    def _slow_down(self, text: str, address: str) -> None:
        wait = Attempt("token", text, address).wait()
        if wait:
            raise Throttled(wait, "Too many calls with a token that is not valid. Make a new one, and wait.")
