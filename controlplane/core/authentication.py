"""Who calls the API: a token in the Authorization header."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from controlplane.core import tokens
from controlplane.core.models import ApiToken, User


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer tmn_...`"""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The person and the token, or None when the header is absent."""
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        token = tokens.recognise(parts[1].decode("latin-1")) if len(parts) == 2 else None
        if token is None:
            raise AuthenticationFailed("This token is not valid: wrong, expired or revoked. Make a new one.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """What a 401 names as the way in."""
        return "Bearer"
