"""How drf-spectacular describes what it does not know by itself."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[misc, no-untyped-call]  # ships no types
    """`Authorization: Bearer tmn_...`"""

    target_class = "controlplane.core.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "description": "A token of `manage.py token`, or of /api/v1/tokens."}
